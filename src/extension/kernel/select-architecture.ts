import { l10n, window, type QuickPickItem } from 'vscode';
import type { Architecture } from '../../protocol/roles.ts';
import type { ArchitectureTests, TestList } from '../../protocol/validate-events.ts';
import { cliJson, runAuton } from '../common/cli.ts';
import { nodeProgram } from '../common/node.ts';
import { folderFor, pick } from '../common/pick.ts';
import { requireTrust } from '../common/trust.ts';
import type { Ctx } from '../ctx.ts';

/** Writes `kernel.arch` of auton.toml, knowing what there is for each architecture. */
export async function selectArchitecture(ctx: Ctx, argument: unknown): Promise<void> {
  requireTrust();
  const { path } = await folderFor(ctx, argument);
  const program = nodeProgram(ctx.extension);
  const args = (...rest: string[]) => ['--workspace', path, ...rest];
  const [current, { architectures }] = await Promise.all([
    cliJson<Architecture>(program, path, args('config', 'get', 'kernel.arch', '--json')),
    cliJson<TestList>(program, path, args('validate', '--list', '--json')),
  ]);
  const chosen = await pick(
    architectures.map((tests) => itemOf(tests, current)),
    l10n.t('For which architecture are kernels built?'),
    { always: true },
  );
  await runAuton(program, path, args('config', 'set', 'kernel.arch', chosen.name));
  const said = l10n.t('Kernels are built for {0} from now on.', chosen.name);
  void (chosen.reason === null
    ? window.showInformationMessage(said)
    : window.showWarningMessage(`${said} ${chosen.reason}`));
}

function itemOf(
  tests: ArchitectureTests,
  current: Architecture,
): QuickPickItem & { value: ArchitectureTests } {
  const able = tests.tests.filter(({ reason }) => reason === null).length;
  return {
    label: tests.name,
    description: tests.name === current ? l10n.t('chosen now') : '',
    detail:
      tests.reason ??
      l10n.t(
        'The kernel builds and boots here; {0} of {1} acceptance tests apply.',
        able,
        tests.tests.length,
      ),
    value: tests,
  };
}
