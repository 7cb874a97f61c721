import { mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { commands, l10n, ProgressLocation, Uri, window } from 'vscode';
import { saveScreen } from '../../kernel/qmp.ts';
import { UserError } from '../../protocol/errors.ts';
import { makeStateFolder } from '../../run/state-folder.ts';
import type { Architecture } from '../../protocol/roles.ts';
import type { CommandsOf } from '../command.ts';
import { nodeProgram } from '../common/node.ts';
import { folderFor } from '../common/pick.ts';
import { requireTrust } from '../common/trust.ts';
import type { Ctx } from '../ctx.ts';
import type { AutonFolder } from '../folder.ts';
import { machineArgs } from './args.ts';
import type { Machine } from './machine.ts';
import { selectArchitecture } from './select-architecture.ts';
import { kernelOfEvidence, kernelOfFolder } from './source.ts';
import { buildTask, runTask, validateTask } from './tasks.ts';

const PROMPT_TIMEOUT_MS = 30_000;

/** What a user does with a kernel: build it, boot it, talk to it, look at its screen. */
export const kernelCommands: CommandsOf<
  | 'buildKernel'
  | 'validate'
  | 'bootKernel'
  | 'chatWithKernel'
  | 'restartKernel'
  | 'screenshot'
  | 'selectArchitecture'
> = {
  buildKernel: async (ctx, argument) => runTask(buildTask(ctx, await trusted(ctx, argument))),
  validate: async (ctx, argument) => runTask(validateTask(ctx, await trusted(ctx, argument))),
  bootKernel: async (ctx, argument) => {
    await boot(ctx, argument);
  },
  chatWithKernel,
  restartKernel: async ({ machines }) => {
    const machine = await machines.requireRunning();
    machines.show(machine);
    machine.restart();
  },
  screenshot,
  selectArchitecture,
};

/** The folder that is meant, if things may be executed in it. */
async function trusted(ctx: Ctx, argument: unknown): Promise<AutonFolder> {
  requireTrust();
  return folderFor(ctx, argument);
}

/** Boots the kernel that is meant; one that does not exist yet is built before. */
async function boot(ctx: Ctx, argument: unknown): Promise<Machine> {
  const folder = await trusted(ctx, argument);
  const { architecture, kernel } =
    (await kernelOfEvidence(ctx, argument)) ?? (await builtKernel(ctx, folder));
  const machine = ctx.machines.boot(l10n.t('Kernel {0}', architecture), {
    ...{ extensionPath: ctx.extension.extensionPath, folder: folder.path },
    program: () => nodeProgram(ctx.extension),
    args: ['kernel', 'boot', '--image', kernel, ...machineArgs(folder, { arch: architecture })],
  });
  const title = l10n.t('Booting {0}', basename(kernel));
  void window.withProgress({ location: ProgressLocation.Window, title }, () =>
    machine.until(() => machine.atPrompt || machine.died, PROMPT_TIMEOUT_MS),
  );
  return machine;
}

async function builtKernel(
  ctx: Ctx,
  folder: AutonFolder,
): Promise<{ architecture: Architecture; kernel: string }> {
  const { architecture, kernel, built } = await kernelOfFolder(ctx, folder);
  if (kernel !== null) return { architecture, kernel };
  const title = l10n.t('Building the kernel');
  const code = await window.withProgress({ location: ProgressLocation.Window, title }, () =>
    runTask(buildTask(ctx, folder)),
  );
  if (code === 0) return { architecture, kernel: built };
  throw new UserError(
    l10n.t('The kernel does not build.'),
    l10n.t('The Problems view lists what the compiler says, the terminal all of it.'),
  );
}

/** Puts the user at the prompt of a kernel: of one that is booted, else of one that is booted now. */
async function chatWithKernel(ctx: Ctx, argument: unknown): Promise<void> {
  requireTrust();
  const machine = (await ctx.machines.running()) ?? (await boot(ctx, argument));
  ctx.machines.show(machine);
  await machine.until(() => machine.atPrompt || machine.died, PROMPT_TIMEOUT_MS);
  if (machine.atPrompt || !machine.running) return; // the terminal says how it ended
  throw new UserError(
    l10n.t('The kernel did not come to its prompt.'),
    l10n.t('Its terminal shows how far it came; "AUTON: Validate" finds out what is wrong with it.'),
  );
}

async function screenshot(ctx: Ctx): Promise<void> {
  const machine = await ctx.machines.requireRunning();
  const { controlSocket } = machine;
  if (controlSocket === null) {
    throw new UserError(
      l10n.t('The screen cannot be reached on this system.'),
      l10n.t('QEMU is controlled by a Unix socket, which Linux and macOS have.'),
    );
  }
  const folder = join(makeStateFolder(machine.folder), 'screenshots');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${new Date().toISOString().slice(0, 23).replaceAll(':', '-')}.png`);
  await saveScreen(controlSocket, file);
  await commands.executeCommand('vscode.open', Uri.file(file));
}
