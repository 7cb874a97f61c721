import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { newKeptFile } from '../../tools/keep.ts';
import { worktreePlace } from '../../tools/paths.ts';
import { ToolError } from '../../tools/tool-error.ts';
import type { ToolContext } from '../../tools/tool.ts';
import type { StageEvent } from '../pipeline/events.ts';
import { sandboxed } from '../pipeline/launch.ts';
import { runStage } from '../pipeline/run-stage.ts';
import { mayUseGpu, type StageName, type StageOptions, type StageResult } from '../pipeline/stages.ts';
import type { RecordPlace } from '../records/write.ts';
import type { Workshop } from '../workshop.ts';

/** One call of an agent's tool: the workshop of the run, and the agent's own worktree. */
export class Bench {
  readonly workshop: Workshop;
  readonly context: ToolContext;

  constructor(workshop: Workshop, context: ToolContext) {
    this.workshop = workshop;
    this.context = context;
  }

  get records(): RecordPlace {
    return { context: this.context, folder: this.workshop.folder };
  }

  /** As a stage takes it: without one it chooses itself. */
  get device(): string | undefined {
    const { device } = this.workshop;
    return device === 'auto' ? undefined : device;
  }

  /** A file or folder of the run by its names. */
  artefact(...names: string[]): string {
    return join(this.workshop.folder, ...names);
  }

  /** The folder of a data set; a ToolError when there is none of that name. */
  data(name: string): string {
    const folder = this.artefact(name);
    if (existsSync(join(folder, 'statistics.json'))) return folder;
    throw new ToolError(`There is no data set "${name}" in this run. Make it with prepare_data.`);
  }

  checkpoint(training: string, name: string): string {
    const file = this.artefact(training, `${name}.pt`);
    if (existsSync(file)) return file;
    const how = name === 'best' ? 'train_model' : 'quantize_model';
    throw new ToolError(
      `There is no checkpoint "${name}" of "${training}" in this run. Make it with ${how}.`,
    );
  }

  /** A configuration as the pipeline takes it: a file of the worktree, or the name of a shipped one. */
  async config(given: string): Promise<string> {
    if (!/[./]/.test(given)) return given;
    const place = await worktreePlace(given, this.context);
    if (existsSync(place.path)) return place.path;
    throw new ToolError(`${place.shown} does not exist. Write it, or name a shipped configuration.`);
  }

  /** Runs a stage in the sandbox, when it is its turn: it reads the worktree, and writes the run's folder only. */
  async stage<Name extends StageName>(
    stage: Name,
    options: StageOptions<Name>,
    readable: string[] = [],
  ): Promise<{ result: StageResult<Name>; events: StageEvent[] }> {
    const { workshop, context } = this;
    const events: StageEvent[] = [];
    const launch = sandboxed(workshop.sandbox, {
      writable: [workshop.folder],
      readable: [context.worktree, ...readable],
      gpu: mayUseGpu(stage, options as { device?: string }),
      timeoutMs: workshop.stageTimeoutMs,
    });
    const result = await workshop.turn(context.signal, () =>
      runStage({
        ...{ stage, options, python: workshop.python, cwd: workshop.folder, launch, signal: context.signal },
        log: newKeptFile(stage, context).path,
        onEvent: (event) => {
          if (events.push(event) > KEPT_EVENTS) events.splice(1, 1);
          workshop.progress(stage, event, options as { out?: string });
        },
      }),
    );
    return { result, events };
  }
}

const KEPT_EVENTS = 5000;
