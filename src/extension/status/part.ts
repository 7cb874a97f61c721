import { Disposable } from 'vscode';
import type { Ctx } from '../ctx.ts';
import { followRuns } from './context-keys.ts';
import { followLog } from './log.ts';
import { notifications } from './notifications.ts';
import { statusBar } from './status-bar.ts';

/** What AUTON tells outside its views: the status bar, notifications, the log, keys of `when` clauses. */
export function statusPart(ctx: Ctx): Disposable {
  const { folders } = ctx;
  return Disposable.from(followRuns(folders), statusBar(folders), notifications(folders), followLog(ctx));
}
