import '../../fixtures/vscode.ts';
import type { AutonFolder } from '../../../src/extension/folder.ts';
import type { Folders } from '../../../src/extension/folders.ts';
import type { RunRecord } from '../../../src/extension/runs/run-record.ts';
import type { RunEvent } from '../../../src/protocol/events.ts';

const run = await import('../../../src/extension/runs/run-record.ts');

// What a person sees must not depend on where the tests run.
process.env['TZ'] = 'UTC';

const FOLDER = '/home/ada/os';
const RUN = '20260302-090000-k3f9';

/** A run as the extension knows it after these events; `live`: an engine works on it. */
export function recordOf(events: readonly RunEvent[], live = true, id = RUN): RunRecord {
  const folder = `${FOLDER}/.auton/runs/${id}`;
  const record = new run.RunRecord(id, folder, `${folder}/events.jsonl`);
  record.apply(events, run.emptyDelta());
  record.loaded = true;
  record.live = live;
  return record;
}

/** A folder with these runs, newest first. */
export function folderOf(...records: RunRecord[]): AutonFolder {
  return {
    path: FOLDER,
    name: 'os',
    engine: { status: 'none' },
    runs: {
      all: records,
      newest: records[0],
      live: records.find(({ live }) => live),
      get: (id: string) => records.find((record) => record.id === id),
      load: async () => undefined,
    },
  } as unknown as AutonFolder;
}

export function foldersOf(...all: AutonFolder[]): Folders {
  return { all, current: all[0] } as unknown as Folders;
}
