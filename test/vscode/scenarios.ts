/** The windows in which suites of the extension host run: each folder of test/vscode/host belongs to one of these. */
import { join } from 'node:path';
import { miniKernel } from './harness/mini-kernel.ts';
import { Desk } from './harness/shared.ts';
import { writeReviewedRun } from './harness/reviewed-run.ts';
import type { Place, ServerOptions, Settings } from './harness/server.ts';
import { gitRepository } from './harness/workspace.ts';

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
    title: 'a folder with a kernel and a run that waits for a review',
    place: (desk) => {
      const configuration = '[llm]\nmodel = "playbook/reference"\n\n[workspace]\npath = "mini"\n';
      const files = { 'auton.toml': configuration, ...miniKernel('mini') };
      const folder = desk.workspace({ files, git: false });
      writeReviewedRun(folder);
      gitRepository(join(folder, 'mini'));
      return { folder };
    },
  },
  'empty-window': {
    title: 'a window without a folder',
    place: () => ({}),
  },
};
