/** Milliseconds of work on a run until a moment: the clock stands still while no engine works on it. */
export interface WorkClock {
  (at: number): number;
  readonly total: number;
  /** Where it stood still: at which time of work, and for how long. */
  readonly breaks: readonly { at: number; ms: number }[];
}

/** Shorter ones are not worth a mark: an engine that was restarted. */
const SHOWN_BREAK_MS = 60_000;

/** `until` stretches the last period while the run goes on. */
export function workClock(periods: readonly { from: number; to: number }[], until: number | null): WorkClock {
  const spans = periods.map(({ from, to }) => ({ from, to, before: 0 }));
  const last = spans.at(-1);
  if (last && until !== null) last.to = Math.max(last.to, until);
  let sum = 0;
  const breaks: { at: number; ms: number }[] = [];
  for (const [index, span] of spans.entries()) {
    const gap = index === 0 ? 0 : span.from - spans[index - 1]!.to;
    if (gap >= SHOWN_BREAK_MS) breaks.push({ at: sum, ms: gap });
    span.before = sum;
    sum += span.to - span.from;
  }
  const clock = (at: number): number => {
    // The last period that had begun by then; periods are few.
    const span = spans.findLast(({ from }) => from <= at);
    return span ? span.before + Math.min(at, span.to) - span.from : 0;
  };
  return Object.assign(clock, { total: sum, breaks });
}
