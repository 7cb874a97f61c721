import { mkdirSync, realpathSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import PQueue from 'p-queue';
import type { Config } from '../../protocol/config.ts';
import { thisMachine, type Python } from '../../slm/python/environment.ts';
import { findPython, requirePython } from '../../slm/python/python.ts';

/** A stage computes on several cores; more of them at once would only wait for each other. */
const CORES_OF_A_STAGE = 2;

/** What a run that makes a model has beside what every run has. */
export class SlmParts {
  /** Of large files: data sets, checkpoints, exports. Absolute, symlinks resolved. */
  readonly folder: string;
  /** What computes for long, as much at a time as the machine has room for. */
  readonly stages = new PQueue({
    concurrency: Math.max(1, Math.floor(availableParallelism() / CORES_OF_A_STAGE)),
  });
  readonly stageTimeoutMs: number;
  readonly #env: NodeJS.ProcessEnv;
  #python: Python | null = null;

  /** `files` is the run's folder. */
  constructor(config: Config, files: string, env: NodeJS.ProcessEnv) {
    const folder = join(files, 'slm');
    mkdirSync(folder, { recursive: true });
    this.folder = realpathSync(folder);
    this.stageTimeoutMs = config.slm.stage_timeout * 1000;
    this.#env = env;
  }

  /**
   * Finds the pipeline's Python, or installs it, which takes minutes: then `say` gets a line first. A UserError says why
   * there is none.
   */
  async prepare(signal: AbortSignal, say: (line: string) => Promise<void>): Promise<void> {
    if (this.#python !== null) return;
    const machine = thisMachine(this.#env);
    this.#python = await findPython(machine, signal);
    if (this.#python !== null) return;
    await say('The Python of the SLM pipeline is being installed, with PyTorch: this takes minutes, once.');
    this.#python = await requirePython({ machine, signal });
  }

  get python(): Python {
    if (this.#python === null) throw new Error('the Python of the pipeline has not been prepared');
    return this.#python;
  }
}
