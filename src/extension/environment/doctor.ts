import { workspace, type Disposable } from 'vscode';
import { cliJson } from '../common/cli.ts';
import { Disposables } from '../common/disposables.ts';
import { nodeProgram } from '../common/node.ts';
import { safePlace } from '../common/place.ts';
import { setContext } from '../common/settings.ts';
import type { Ctx } from '../ctx.ts';
import type { AutonFolder } from '../folder.ts';
import { environmentOf, type Check } from './checks.ts';

/** Looks at everything AUTON needs on this machine; the welcome texts follow. */
export async function examine(ctx: Ctx, folder: AutonFolder | undefined): Promise<Check[]> {
  const checks = await cliJson<Check[]>(nodeProgram(ctx.extension), safePlace(folder), ['doctor', '--json']);
  setContext('auton.environment', environmentOf(checks));
  return checks;
}

/** The welcome texts say what is missing; it is only looked for where they can show. */
export function followEnvironment(ctx: Ctx): Disposable {
  const disposables = new Disposables();
  const look = async () => {
    const folder = ctx.folders.current;
    if (!workspace.isTrusted || !folder) return;
    await folder.runs.refresh();
    if (folder.runs.newest) return;
    await examine(ctx, folder).catch((error: unknown) => ctx.log.warn(`environment: ${String(error)}`));
  };
  disposables.add(workspace.onDidGrantWorkspaceTrust(look));
  disposables.add(ctx.folders.onDidChange(({ kind }) => kind === 'folders' && look()));
  void look();
  return disposables;
}
