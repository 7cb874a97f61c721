import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { RunHandle } from '../protocol/control.ts';
import { EXIT } from '../protocol/errors.ts';
import type { EventOf, RunEvent, RunOutcome } from '../protocol/events.ts';
import { applyEvent } from '../protocol/fold.ts';
import { emptyRunState } from '../protocol/run-state.ts';
import { RECORDS } from '../slm/records/paths.ts';
import { readEventLog } from '../run/event-log.ts';
import type { Cli } from './cli.ts';
import { columnsOf } from './cli.ts';
import { reportError } from './errors.ts';
import { createProgress, type Progress } from './live/progress.ts';
import { renderSummary, workedMs } from './live/summary.ts';

export interface DriveOptions {
  json: boolean;
  /** The process that works on the run when it is another one. */
  elsewhere: number | null;
}

/** How long a second Ctrl-C waits for the engine to put its tools down. */
const LEAVE_MS = 2_000;

/** npm and timeout(1) pass on the signal that the terminal has sent to everyone: one Ctrl-C comes twice. */
const ECHO_MS = 100;

/**
 * Shows a run until it stops, wherever it works; Ctrl-C pauses it. Returns the exit code.
 */
export async function driveRun(cli: Cli, handle: RunHandle, options: DriveOptions): Promise<number> {
  const log = () => readEventLog(join(handle.folder, 'events.jsonl'));
  const past = log().filter(({ seq }) => seq <= handle.state.lastSeq);
  const progress = createProgress({
    stdout: cli.stdout,
    env: cli.env,
    json: options.json,
    workedMs: workedMs(past),
  });
  let pauseReason: EventOf<'run.paused'>['reason'] | null = null;
  const show = (event: RunEvent, state = handle.state) => {
    if (event.type === 'run.paused') pauseReason = event.reason;
    progress.event(event, state);
  };
  const stops = [handle.onEvent(show), handle.onOutput((output) => progress.output(output))];
  showPast(past, show);

  const releaseSignals = handleSignals(cli, handle, progress, options);
  try {
    const outcome = await handle.stopped;
    progress.end();
    if (!options.json) printSummary(cli, handle, log());
    return exitCodeOf(outcome, pauseReason);
  } finally {
    progress.end();
    for (const stop of stops.splice(0)) stop();
    releaseSignals();
    await handle.shutdown();
  }
}

/** What happened in this period of work before this process could listen; what came earlier was shown then. */
function showPast(
  past: readonly RunEvent[],
  show: (event: RunEvent, state?: RunHandle['state']) => void,
): void {
  const from = past.findLastIndex(({ type }) => type === 'run.resumed');
  const state = emptyRunState();
  for (const [index, event] of past.entries()) {
    applyEvent(state, event);
    if (index >= from) show(event, state);
  }
}

function printSummary(cli: Cli, { state, folder }: RunHandle, events: readonly RunEvent[]): void {
  const { cwd, self, style, symbols } = cli;
  const columns = columnsOf(cli);
  const model = exportedModel(state.workspace);
  cli.print(
    ...renderSummary({
      ...{ state, workedMs: workedMs(events), folder, model },
      ...{ cwd, self, columns, style, symbols },
    }),
  );
}

/** The most precise GGUF file that a run has put into its workspace: Q8_0 comes behind Q4_0. */
function exportedModel(workspace: string): string | null {
  const folder = join(workspace, RECORDS.models);
  const files = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.gguf')) : [];
  const best = files.toSorted().at(-1);
  return best === undefined ? null : join(folder, best);
}

function exitCodeOf(outcome: RunOutcome | 'paused', reason: string | null): number {
  if (outcome === 'done') return EXIT.done;
  if (outcome === 'failed') return EXIT.failed;
  if (outcome === 'cancelled') return EXIT.interrupted;
  if (reason === 'budget') return EXIT.budget;
  return reason === 'user' || reason === null ? EXIT.interrupted : EXIT.failed;
}

/** The first Ctrl-C pauses tidily, the second leaves at once. */
function handleSignals(
  cli: Cli,
  handle: RunHandle,
  progress: Progress,
  { elsewhere }: DriveOptions,
): () => void {
  let count = 0;
  let lastAt = -Infinity;
  const leave = () => {
    progress.end();
    cli.stderr.write(
      elsewhere === null
        ? `Stopped at once. Continue with \`${cli.self} resume\`.\n`
        : `The run pauses in process ${elsewhere}; see \`${cli.self} status\`.\n`,
    );
    process.exit(EXIT.interrupted);
  };
  const onSignal = () => {
    const now = performance.now();
    const echo = now - lastAt < ECHO_MS;
    lastAt = now;
    if (echo) return;
    count += 1;
    if (count === 1) {
      progress.say('Pausing: answers under way are waited for. Ctrl-C again leaves at once');
      handle.pause().catch((error: unknown) => {
        progress.end();
        reportError(error, cli);
      });
    } else if (count === 2) {
      void Promise.race([handle.shutdown(), new Promise((resolve) => setTimeout(resolve, LEAVE_MS))]).then(
        leave,
        leave,
      );
    } else {
      leave();
    }
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, onSignal);
  return () => signals.forEach((signal) => process.off(signal, onSignal));
}
