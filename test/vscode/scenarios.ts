/** The windows in which suites of the extension host run: each folder of test/vscode/host belongs to one of these. */
import { Desk } from './harness/shared.ts';
import { writeReviewedRun } from './harness/reviewed-run.ts';
import type { Place, ServerOptions, Settings } from './harness/server.ts';

export interface Scenario {
  /** "In <title>" heads its tests. */
  title: string;
  start?: Omit<ServerOptions, 'extensions'>;
  settings?: Settings;
  place: (desk: Desk) => Place;
}

export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  folder: {
    title: 'a folder with git and all tools',
    place: (desk) => ({ folder: desk.workspace() }),
  },
  reviewed: {
    title: 'a folder with a run that waits for a review',
    place: (desk) => {
      const folder = desk.workspace();
      writeReviewedRun(folder);
      return { folder };
    },
  },
  'empty-window': {
    title: 'a window without a folder',
    place: () => ({}),
  },
};
