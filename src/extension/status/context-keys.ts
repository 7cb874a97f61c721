import type { Disposable } from 'vscode';
import { setContext } from '../common/settings.ts';
import type { Folders } from '../folders.ts';
import { waitingOn } from '../runs/waiting.ts';

/** Keeps the keys of `when` clauses that follow from the runs. */
export function followRuns(folders: Folders): Disposable {
  const update = () => {
    const runs = folders.current?.runs;
    const record = runs && (runs.live ?? runs.newest);
    setContext(
      'auton.hasRuns',
      folders.all.some(({ runs: { newest } }) => newest !== undefined),
    );
    setContext('auton.runState', record?.loaded && !record.problem ? record.phase : 'none');
    setContext('auton.hasQuestions', record !== undefined && waitingOn(record).questions > 0);
  };
  update();
  return folders.onDidChange((change) => {
    if (change.kind !== 'run' || change.delta.run) update();
  });
}
