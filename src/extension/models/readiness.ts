import { workspace, type Disposable } from 'vscode';
import { Disposables } from '../common/disposables.ts';
import { setContext } from '../common/settings.ts';
import type { Ctx } from '../ctx.ts';
import { modelCatalogue } from './catalogue.ts';

/**
 * Keeps the key `auton.models` of the welcome text: "none" when a model is configured whose key is missing. The
 * command line is only asked where that text can show, in a trusted folder without runs.
 */
export function followReadiness(ctx: Ctx): Disposable {
  const disposables = new Disposables();
  let asked = 0;
  const update = async () => {
    const number = ++asked;
    const folder = ctx.folders.current;
    if (!workspace.isTrusted || !folder) return;
    await folder.runs.refresh();
    if (folder.runs.newest || number !== asked) return;
    try {
      const { model, roles } = await modelCatalogue(ctx, folder);
      if (number !== asked) return;
      const lacks = [model, ...roles.map((role) => role.model)].some((chosen) => chosen?.missingKey);
      setContext('auton.models', lacks ? 'none' : 'ready');
    } catch (error) {
      ctx.log.debug(`which models there are: ${String(error)}`); // what is wrong shows in auton.toml itself
      setContext('auton.models', 'unknown');
    }
  };
  const watcher = disposables.add(workspace.createFileSystemWatcher('**/auton.toml'));
  watcher.onDidCreate(update);
  watcher.onDidChange(update);
  watcher.onDidDelete(update);
  disposables.add(ctx.extension.secrets.onDidChange(update));
  disposables.add(workspace.onDidGrantWorkspaceTrust(update));
  disposables.add(ctx.folders.onDidChange(({ kind }) => kind === 'folders' && update()));
  void update();
  return disposables;
}
