import { Disposable } from 'vscode';
import type { Ctx } from '../ctx.ts';
import { followRuns } from './context-keys.ts';

/** What AUTON tells outside its views: the status bar, notifications, the log, keys of `when` clauses. */
export function statusPart({ folders }: Ctx): Disposable {
  return Disposable.from(followRuns(folders));
}
