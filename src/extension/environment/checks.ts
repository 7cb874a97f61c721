import type { ContextKeys } from '../ids.ts';

/** What `auton doctor --json` says of one thing that AUTON needs. */
export interface Check {
  name: string;
  ok: boolean;
  detail: string;
  remedy?: string;
  /** The command that installs it on this machine. */
  install?: string;
}

/** What the welcome texts tell apart. A configuration that is wrong shows in its own file. */
export function environmentOf(checks: readonly Check[]): ContextKeys['auton.environment'] {
  const broken = checks.filter(({ ok, name }) => !ok && name !== 'configuration');
  if (broken.some(({ name }) => name === 'git')) return 'noGit';
  return broken.length === 0 ? 'ready' : 'noTools';
}

/** One command line that installs everything that is missing; null when nothing can be. */
export function installAll(checks: readonly Check[]): string | null {
  const commands = [...new Set(checks.flatMap(({ ok, install }) => (ok || !install ? [] : [install])))];
  return commands.length === 0 ? null : commands.join(' && ');
}
