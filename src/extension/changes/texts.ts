import { l10n } from 'vscode';
import type { AttemptView } from '../../protocol/run-state.ts';
import { escape } from '../common/markdown.ts';
import type { FileChange } from './file-changes.ts';

/** "+12 −3", "binary", or nothing where no line changed. */
export function countText({ added, removed }: FileChange): string {
  if (added === null || removed === null) return l10n.t('binary');
  return [added > 0 ? `+${added}` : '', removed > 0 ? `−${removed}` : ''].filter(Boolean).join(' ');
}

/** "1. developer-2: finished" */
export function attemptText({ number, agent, outcome, message }: AttemptView): string {
  const end = outcome === null ? l10n.t('in work') : outcome.replaceAll('_', ' ');
  const why = message.split('\n')[0]!.trim();
  return l10n.t('attempt {0}, {1}: {2}', number, agent, why === '' ? end : `${end}. ${why}`);
}

/** Lines that agents wrote, as Markdown that shows them and nothing else: it loads no pictures and offers no links. */
export function escapeLines(text: string): string {
  return text.split('\n').map(escape).join('  \n');
}

export const shortId = (commit: string) => commit.slice(0, 7);

/** When a run began, from its id, which begins with it: `20261121-124122-92c6` in UTC. */
export function runDate(run: string): string {
  const [, ...digits] = /^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)/.exec(run) ?? [];
  const [year, month, day, hour, minute, second] = digits.map(Number);
  if (year === undefined) return run;
  return new Date(Date.UTC(year, month! - 1, day, hour, minute, second)).toLocaleString(undefined, {
    dateStyle: 'medium',
    timeStyle: 'short',
  });
}
