import { l10n, window } from 'vscode';
import { UserError } from '../../protocol/errors.ts';
import { ARCHITECTURES } from '../../protocol/roles.ts';
import { runCli } from '../common/cli.ts';
import { nodeProgram } from '../common/node.ts';
import { folderFor, pick } from '../common/pick.ts';
import { requireTrust } from '../common/trust.ts';
import type { Ctx } from '../ctx.ts';

export async function selectArchitecture(ctx: Ctx, argument: unknown): Promise<void> {
  requireTrust();
  const folder = await folderFor(ctx, argument);
  const items = ARCHITECTURES.map((value) => ({ label: value, value }));
  const chosen = await pick(items, l10n.t('For which architecture are kernels built?'), { always: true });
  const program = nodeProgram(ctx.extension);
  const args = ['--workspace', folder.path, 'config', 'set', 'kernel.arch', chosen];
  const { code, stderr } = await runCli(program, folder.path, args);
  if (code !== 0) throw new UserError(stderr.trim(), l10n.t('Correct auton.toml.'));
  void window.showInformationMessage(l10n.t('Kernels are built for {0} from now on.', chosen));
}
