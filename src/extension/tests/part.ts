import { Disposable, l10n, TestRunProfileKind, tests, workspace, type TestRunRequest } from 'vscode';
import { showError } from '../common/errors.ts';
import { requireTrust } from '../common/trust.ts';
import type { Ctx } from '../ctx.ts';
import { TEST_CONTROLLER } from '../ids.ts';
import { Catalogue } from './catalogue.ts';
import { debugTests } from './debug.ts';
import { runTests } from './run.ts';

/** Files that decide which tests there are and which of them a kernel can pass. */
const SOURCES = '**/{auton.toml,acceptance.toml,subsystem.mk}';
const SETTLE_MS = 500;

/** The acceptance tests in the Test Explorer. Nothing is read before the user looks there. */
export function testsPart(ctx: Ctx): Disposable {
  const controller = tests.createTestController(TEST_CONTROLLER, l10n.t('AUTON acceptance tests'));
  const catalogue = new Catalogue(ctx, controller);
  let shown = false;
  let timer: NodeJS.Timeout | undefined;

  const refresh = async () => {
    shown = true;
    if (!workspace.isTrusted) return controller.items.replace([]);
    await catalogue.refresh().catch((error: unknown) => showError(error, ctx.log));
  };
  const later = () => {
    if (!shown) return;
    clearTimeout(timer);
    timer = setTimeout(() => void refresh(), SETTLE_MS);
  };
  controller.resolveHandler = (item) => (item ? undefined : refresh());
  controller.refreshHandler = refresh;

  const handler =
    (work: typeof runTests) =>
    async (request: TestRunRequest, token: Parameters<typeof runTests>[4]): Promise<void> => {
      const run = controller.createTestRun(request, l10n.t('Acceptance tests'));
      try {
        requireTrust();
        if (!shown) await refresh();
        const excluded = new Set((request.exclude ?? []).flatMap((item) => catalogue.casesOf(item)));
        const asked = (request.include ?? catalogue.roots).flatMap((item) => catalogue.casesOf(item));
        await work(
          ctx,
          catalogue,
          run,
          asked.filter((item) => !excluded.has(item)),
          token,
        );
      } catch (error) {
        void showError(error, ctx.log);
      } finally {
        run.end();
      }
    };
  controller.createRunProfile(l10n.t('Run Tests'), TestRunProfileKind.Run, handler(runTests), true);
  controller.createRunProfile(l10n.t('Debug'), TestRunProfileKind.Debug, handler(debugTests), true);

  const watcher = workspace.createFileSystemWatcher(SOURCES);
  watcher.onDidCreate(later);
  watcher.onDidChange(later);
  watcher.onDidDelete(later);
  return Disposable.from(
    controller,
    watcher,
    ctx.folders.onDidChange(({ kind }) => {
      if (kind === 'folders' || kind === 'list') later();
    }),
    workspace.onDidGrantWorkspaceTrust(later),
    new Disposable(() => clearTimeout(timer)),
  );
}
