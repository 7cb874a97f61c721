import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { configSchema, type Config } from '../../src/protocol/config.ts';
import { slmToolHost } from '../../src/slm/agent-tools/agent-tools.ts';
import type { StageEvent } from '../../src/slm/pipeline/events.ts';
import type { Python } from '../../src/slm/python/environment.ts';
import { createSandbox } from '../../src/tools/sandbox/create.ts';
import { Workbench } from '../fixtures/tool-workbench.ts';

interface BenchOptions {
  limits?: Partial<Config['sandbox']>;
  training?: Record<string, number>;
  stageTimeoutMs?: number;
  onEvent?: (stage: string, event: StageEvent) => void;
}

/** Agents' tools as they are in a run that makes a model, on `tiny.yaml`: Python in the sandbox, a folder of the run. */
export async function modelBench(python: Python, options: BenchOptions = {}): Promise<Workbench> {
  const { limits = {}, training = {}, stageTimeoutMs = 300_000, onEvent = () => undefined } = options;
  const sandbox = await createSandbox({ ...configSchema.parse({}).sandbox, ...limits }, { hide: [] });
  const bench = new Workbench({ sandbox });
  const folder = artefacts(bench);
  mkdirSync(folder);
  bench.context.host.slm = slmToolHost({
    ...{ python, sandbox, folder, stageTimeoutMs, training, device: 'auto' },
    turn: (_signal, work) => work(),
    progress: onEvent,
  });
  mkdirSync(join(bench.worktree, 'SLM'));
  copyFileSync(join(import.meta.dirname, 'tiny.yaml'), join(bench.worktree, 'SLM/config.yaml'));
  return bench;
}

/** The folder of the run with data sets and checkpoints. */
export const artefacts = (bench: Workbench): string => join(bench.root, 'artefacts');
