import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { EXIT, UserError } from '../../protocol/errors.ts';
import { oneLine } from '../../protocol/printable.ts';
import type { Python } from '../python/environment.ts';
import { parseEvent, type StageEvent } from './events.ts';
import { unconfined, type Launch } from './launch.ts';
import { stageArguments, STAGES, type StageName, type StageOptions, type StageResult } from './stages.ts';

export interface StageRun<Name extends StageName> {
  stage: Name;
  options: StageOptions<Name>;
  python: Python;
  /** Relative paths of the options are seen from here. */
  cwd: string;
  /** Everything the command says is kept here; the folder is made. */
  log?: string | undefined;
  onEvent?: ((event: StageEvent) => void) | undefined;
  signal?: AbortSignal | undefined;
  /** How the process is started: as a user's own program, unless a sandbox does it. */
  launch?: Launch | undefined;
}

/** The status with which the pipeline refuses a configuration. */
const STATUS_USAGE = 2;
/** Lines without an event that are kept for the message of a failure. */
const KEPT_LINES = 20;

/**
 * Runs one command of the pipeline to its end and resolves with what its last event says. Rejects with the signal's
 * reason, else with a UserError: what the command itself found wrong, or how it ended.
 */
export async function runStage<Name extends StageName>(run: StageRun<Name>): Promise<StageResult<Name>> {
  const { stage, python, cwd, log, onEvent, signal, launch = unconfined } = run;
  const options = checkedOptions(stage, run.options);
  if (log !== undefined) mkdirSync(dirname(log), { recursive: true });

  let done: StageEvent | undefined;
  let failure: string | undefined;
  const others: string[] = [];
  const onLine = (line: string) => {
    const event = parseEvent(line);
    if (event === null) {
      if (line.trim() !== '' && others.push(line) > KEPT_LINES) others.shift();
      return;
    }
    if (event.event === 'done') done = event;
    if (event.event === 'error') failure = event.message;
    onEvent?.(event);
  };
  const argv = [python.program, ...stageArguments(stage, options)];
  const end = await launch({ argv, cwd, python, log, onLine, signal });
  if (end.status !== 0) throw stageFailed(stage, end, failure, others);
  const { event: _event, seconds: _seconds, ...values } = done ?? { event: 'done', seconds: 0 };
  const result = STAGES[stage].result.safeParse(values);
  if (result.success) return result.data as StageResult<Name>;
  throw new UserError(
    `${stage} ended without its result.`,
    `Look at its output${log === undefined ? '' : ` in ${log}`}. AUTON and the folder SLM/ must be of one version.`,
  );
}

function checkedOptions(stage: StageName, options: unknown): Record<string, unknown> {
  const checked = STAGES[stage].options.safeParse(options);
  if (checked.success) return checked.data;
  const [issue] = checked.error.issues;
  throw new UserError(`${stage}: ${issue?.path.join('.')}: ${issue?.message}.`, 'Correct it.', {
    exitCode: EXIT.usage,
  });
}

function stageFailed(
  stage: StageName,
  { status, ending, log }: { status: number | null; ending?: string | undefined; log?: string | undefined },
  failure: string | undefined,
  others: readonly string[],
): UserError {
  const where = log === undefined ? 'Look at what it printed' : `Look at ${log}`;
  if (failure !== undefined) {
    const exitCode = status === STATUS_USAGE ? EXIT.usage : EXIT.failed;
    return new UserError(`${stage}: ${oneLine(failure)}`, remedyFor(stage, failure), { exitCode });
  }
  // Python's own usage errors, a traceback, or nothing: the last line says most.
  const last = others.at(-1);
  if (ending !== undefined) return new UserError(`${stage} was ended: ${ending}.`, remedyFor(stage, ending));
  if (status === null || status === 137) {
    return new UserError(
      `${stage} was killed, perhaps because the memory was full.`,
      remedyFor(stage, 'out of memory'),
    );
  }
  return new UserError(
    `${stage} ended with ${status}${last === undefined ? '' : `: ${oneLine(last)}`}`,
    `${where}.`,
  );
}

/** The troubles for which there is more to say than the pipeline does. */
const REMEDIES: readonly [RegExp, string][] = [
  [/No space left|no disk space|disk is full|quota/i, 'Free some space, then start it again.'],
  [
    /wrote more than/,
    'Remove what is not needed any more, use a smaller configuration, or have sandbox.max_file_mb raised in auton.toml.',
  ],
  [
    /its time of .* was up/,
    'Set train.max_seconds to less, use a smaller configuration, or have slm.stage_timeout raised in auton.toml.',
  ],
  [
    /out of memory|Cannot allocate|MemoryError/i,
    'End other programs, or use a smaller configuration, train.batch or more train.accumulate.',
  ],
  [/finds no GPU/, 'Say cpu, or leave the choice to AUTON: slm.device = "auto" in auton.toml for a run.'],
  [/is damaged/i, 'Delete that file, then make it again or take another one.'],
  [/is missing|No such file|does not exist/i, 'Make it with the stage before, or name another path.'],
  [/Permission denied|cannot be (?:made|written)/i, 'Name another folder, or make it writable.'],
];

/** Of these a training is as good as not started again: it goes on. */
const INTERRUPTS = /No space left|no disk space|disk is full|quota|its time of .* was up|out of memory/i;

function remedyFor(stage: StageName, failure: string): string {
  const remedy =
    REMEDIES.find(([pattern]) => pattern.test(failure))?.[1] ?? 'Correct it, then start the stage again.';
  const goesOn = stage === 'train' && INTERRUPTS.test(failure);
  return goesOn ? `${remedy} Started again, training goes on where it was.` : remedy;
}
