import { l10n } from 'vscode';
import type { Folders } from '../folders.ts';
import { countOf, waitingOn } from '../runs/waiting.ts';
import { PHASE_MARKS } from './marks.ts';
import { costText, progressText } from './run-row.ts';

/** What stands above the runs. */
export interface RunsHeader {
  description: string;
  message: string;
  /** What waits for the user in all folders. */
  waiting: number;
}

export function runsHeader(folders: Pick<Folders, 'all' | 'current'>, trusted: boolean): RunsHeader {
  const records = folders.all.flatMap(({ runs }) => runs.live ?? runs.newest ?? []);
  const runs = folders.current?.runs;
  const record = runs?.live ?? runs?.newest;
  const known = record?.loaded && !record.problem ? record : undefined;
  const parts = known
    ? [PHASE_MARKS[known.phase].word, progressText(known.state), costText(known.state)]
    : [];
  return {
    description: parts.filter((part) => part !== '').join(' · '),
    message: messageOf(folders, trusted),
    waiting: records.reduce((sum, one) => sum + countOf(waitingOn(one)), 0),
  };
}

function messageOf({ all }: Pick<Folders, 'all'>, trusted: boolean): string {
  const hasRuns = all.some(({ runs }) => runs.newest);
  if (!trusted && hasRuns) {
    return l10n.t('This folder is not trusted: runs of the past can be read, nothing is executed.');
  }
  const lost = all.find(({ engine }) => engine.status === 'lost');
  if (!lost) return '';
  return all.length > 1
    ? l10n.t('The engine of {0} ended unexpectedly. "AUTON: Restart Engine" lets its run go on.', lost.name)
    : l10n.t('The engine ended unexpectedly. "AUTON: Restart Engine" lets its run go on.');
}
