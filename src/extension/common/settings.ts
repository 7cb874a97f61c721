import { commands, workspace, type Uri } from 'vscode';
import type { ContextKeys, Settings } from '../ids.ts';

/** The value of one of AUTON's settings, for a folder where the setting can differ. */
export function setting<K extends keyof Settings>(key: K, scope?: Uri): Settings[K] {
  const value = workspace.getConfiguration('auton', scope).get<Settings[K]>(key);
  if (value === undefined) throw new Error(`the manifest has no setting auton.${key}`);
  return value;
}

const current = new Map<keyof ContextKeys, unknown>();

/** Sets a key for `when` clauses; the editor is only told when it changes. */
export function setContext<K extends keyof ContextKeys>(key: K, value: ContextKeys[K]): void {
  if (current.get(key) === value) return;
  current.set(key, value);
  void commands.executeCommand('setContext', key, value);
}
