import type { EngineClient } from '../engine/client.ts';
import type { LiveOutput, RunHandle } from '../protocol/control.ts';
import { UserError } from '../protocol/errors.ts';
import type { RunEvent, RunOutcome } from '../protocol/events.ts';
import { applyEvent } from '../protocol/fold.ts';
import type { Review } from '../protocol/review.ts';
import type { StoppedRun } from '../protocol/rpc.ts';
import { emptyRunState } from '../protocol/run-state.ts';
import { readEventLog } from '../run/event-log.ts';
import { eventLogFile, runFolder } from '../run/runs.ts';

/** A run in another process, as if it were in this one; only `shutdown` differs: it leaves the run to its engine. */
export class RemoteRun implements RunHandle {
  readonly state = emptyRunState();
  readonly folder: string;
  readonly stopped: Promise<RunOutcome | 'paused'>;
  readonly #client: EngineClient;
  readonly #listeners = new Set<Parameters<RunHandle['onEvent']>[0]>();
  readonly #outputs = new Set<(output: LiveOutput) => void>();

  /** `begin` asks the engine to start or resume a run. */
  static async begin(client: EngineClient, begin: () => Promise<{ run: string }>): Promise<RemoteRun> {
    const stopped: StoppedRun[] = [];
    const forget = client.onRunStopped((run) => stopped.push(run));
    const { run } = await begin();
    const handle = new RemoteRun(client, run);
    forget();
    // A run that was only taken up to be ended may have stopped before anybody could subscribe.
    const early = stopped.find((candidate) => candidate.run === run);
    if (early) {
      for (const event of readEventLog(eventLogFile(client.folder, run))) applyEvent(handle.state, event);
      handle.#settle(early);
    } else {
      await handle.#follow();
    }
    return handle;
  }

  #settle!: (stopped: StoppedRun) => void;

  private constructor(client: EngineClient, run: string) {
    this.#client = client;
    this.folder = runFolder(client.folder, run);
    this.stopped = new Promise((resolve, reject) => {
      this.#settle = ({ outcome, problem }) => {
        if (problem) reject(new UserError(problem.message, problem.remedy));
        else resolve(outcome);
      };
      client.onRunStopped((stopped) => {
        if (stopped.run === run) this.#settle(stopped);
      });
      void client.closed.then(() =>
        reject(
          new UserError(
            `The engine that worked on the run (process ${client.pid}) is gone.`,
            'Continue with `auton resume`.',
          ),
        ),
      );
    });
    this.stopped.catch(() => undefined); // whoever awaits it sees the error
  }

  onEvent(listener: Parameters<RunHandle['onEvent']>[0]): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  onOutput(listener: (output: LiveOutput) => void): () => void {
    this.#outputs.add(listener);
    return () => this.#outputs.delete(listener);
  }

  pause = () => this.#client.pause();
  continue = () => this.#client.continue();
  cancel = () => this.#client.cancel();
  retryTask = (task: string) => this.#client.retryTask(task);
  skipTask = (task: string) => this.#client.skipTask(task);
  cancelTask = (task: string) => this.#client.cancelTask(task);
  reviewTask = (task: string, review: Review) => this.#client.reviewTask(task, review);
  sendMessage = (to: string, text: string) => this.#client.sendMessage(to, text);
  answerQuestion = (id: string, answer: string) => this.#client.answerQuestion(id, answer);
  setBudget = (maxCostUsd: number) => this.#client.setBudget(maxCostUsd);

  async shutdown(): Promise<void> {
    this.#client.dispose();
  }

  async #follow(): Promise<void> {
    await this.#client.subscribe({
      onEvent: (event: RunEvent) => {
        applyEvent(this.state, event);
        for (const listener of this.#listeners) listener(event, this.state);
      },
      onOutput: (output) => {
        for (const listener of this.#outputs) listener(output);
      },
    });
  }
}
