import { join } from 'node:path';
import { l10n } from 'vscode';
import { UserError } from '../../protocol/errors.ts';
import type { Evidence } from '../../protocol/evidence.ts';
import type { Architecture } from '../../protocol/roles.ts';
import type { RunState } from '../../protocol/run-state.ts';
import { cliJson } from '../common/cli.ts';
import { nodeProgram } from '../common/node.ts';
import { runFor } from '../common/pick.ts';
import { targetOf } from '../common/target.ts';
import type { Ctx } from '../ctx.ts';
import type { AutonFolder } from '../folder.ts';

/** A kernel that a user wants to see. `kernel` is null before it is built from `source`. */
export interface KernelChoice {
  architecture: Architecture;
  source: string;
  kernel: string | null;
  /** Where a build leaves it. */
  built: string;
}

/** What `auton kernel which` knows: what the newest run merged, else the source that it would be built from. */
export function kernelOfFolder(ctx: Ctx, folder: AutonFolder, arch?: string): Promise<KernelChoice> {
  return cliJson<KernelChoice>(nodeProgram(ctx.extension), folder.path, [
    ...['--workspace', folder.path, 'kernel', 'which', '--json'],
    ...(arch === undefined ? [] : ['--arch', arch]),
  ]);
}

/** The kernel of the evidence that a menu names; null when it names none. */
export async function kernelOfEvidence(
  ctx: Ctx,
  argument: unknown,
): Promise<{ architecture: Architecture; kernel: string } | null> {
  const id = targetOf(argument)?.evidence;
  if (id === undefined) return null;
  const { record } = await runFor(ctx, argument);
  const file = evidenceOf(record.state, id)?.files.find(({ role }) => role === 'kernel');
  if (file) return { architecture: record.state.arch, kernel: join(record.folder, file.path) };
  throw new UserError(
    l10n.t('There is no kernel in {0}.', id),
    l10n.t('Choose a build that passed, or "AUTON: Boot Kernel" for the newest kernel.'),
  );
}

function evidenceOf(state: RunState, id: string): Evidence | undefined {
  const ofTasks = [...state.tasks.values()].flatMap(({ evidence }) => evidence);
  return [...state.evidence, ...ofTasks].find((evidence) => evidence.id === id);
}
