import type { RunState } from '../protocol/run-state.ts';
import type { Config } from '../protocol/config.ts';

export interface BudgetLimits {
  perTaskUsd: number | undefined;
  dailyUsd: number | undefined;
  /** Spent by other runs of this folder since midnight. */
  spentTodayElsewhereUsd: number;
}

export type BudgetVerdict =
  { kind: 'granted' } | { kind: 'task_limit' | 'run_limit' | 'daily_limit'; message: string };

export function budgetLimits(config: Config, spentTodayElsewhereUsd: number): BudgetLimits {
  return {
    perTaskUsd: config.llm.cost.per_task_usd,
    dailyUsd: config.llm.cost.daily_budget_usd,
    spentTodayElsewhereUsd,
  };
}

/**
 * Money is reserved before a call and settled after it, so that agents which call at the same time cannot break the
 * limit together. A call whose price is unknown reserves nothing: tokens and turns limit it.
 */
export class Budget {
  readonly #state: RunState;
  readonly #limits: BudgetLimits;
  readonly #reserved = new Map<string, { task: string; usd: number }>();
  #waiting: (() => void)[] = [];

  constructor(state: RunState, limits: BudgetLimits) {
    this.#state = state;
    this.#limits = limits;
  }

  /**
   * Reserves the worst cost of a session's next call. Where only other calls under way stand in its way, it waits
   * for them; a verdict other than granted means that the money is really used up.
   */
  async reserve(
    session: string,
    task: string,
    worstUsd: number,
    signal: AbortSignal,
  ): Promise<BudgetVerdict> {
    for (;;) {
      signal.throwIfAborted();
      const spent = this.#exceeds(task, worstUsd, false);
      if (spent) return spent;
      if (!this.#exceeds(task, worstUsd, true)) break;
      await this.#settled(signal);
    }
    this.#reserved.set(session, { task, usd: worstUsd });
    return { kind: 'granted' };
  }

  /** Gives a reservation back: the call was answered (its real cost is in the state) or failed. */
  settle(session: string): void {
    this.#reserved.delete(session);
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  #exceeds(
    task: string,
    worstUsd: number,
    withReserved: boolean,
  ): Exclude<BudgetVerdict, { kind: 'granted' }> | null {
    const state = this.#state;
    const reserved = [...this.#reserved.values()];
    const sum = (own: boolean) =>
      withReserved ? reserved.reduce((usd, r) => (own && r.task !== task ? usd : usd + r.usd), 0) : 0;
    const { perTaskUsd, dailyUsd, spentTodayElsewhereUsd } = this.#limits;
    const spentOnTask = state.tasks.get(task)?.spentUsd ?? 0;
    if (perTaskUsd !== undefined && spentOnTask + sum(true) + worstUsd > perTaskUsd) {
      return {
        kind: 'task_limit',
        message: `The task has spent ${usd(spentOnTask)}; its next call could cost ${usd(worstUsd)}, more than llm.cost.per_task_usd = ${usd(perTaskUsd)} allows.`,
      };
    }
    if (state.spentUsd + sum(false) + worstUsd > state.maxCostUsd) {
      return {
        kind: 'run_limit',
        message: `The run has spent ${usd(state.spentUsd)} of ${usd(state.maxCostUsd)}; the next call could cost ${usd(worstUsd)}. Raise it with \`auton budget <usd>\`, then \`auton resume\`.`,
      };
    }
    const today = spentTodayElsewhereUsd + state.spentUsd;
    if (dailyUsd !== undefined && today + sum(false) + worstUsd > dailyUsd) {
      return {
        kind: 'daily_limit',
        message: `Today's runs have spent ${usd(today)} of ${usd(dailyUsd)} a day. Raise llm.cost.daily_budget_usd or \`auton resume\` tomorrow.`,
      };
    }
    return null;
  }

  #settled(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = () => reject(signal.reason as Error);
      signal.addEventListener('abort', onAbort, { once: true });
      this.#waiting.push(() => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      });
    });
  }
}

function usd(value: number): string {
  return `$${value.toFixed(value < 0.1 ? 4 : 2)}`;
}
