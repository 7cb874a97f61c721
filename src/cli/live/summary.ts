import { join, relative } from 'node:path';
import { configSchema } from '../../protocol/config.ts';
import type { RunEvent } from '../../protocol/events.ts';
import type { Evidence } from '../../protocol/evidence.ts';
import type { RunState, RunStatus } from '../../protocol/run-state.ts';
import type { Style, Symbols } from '../terminal/style.ts';
import { oneLine } from '../../protocol/printable.ts';
import { cut, table, wrap } from '../terminal/text.ts';
import { counted, duration } from '../../protocol/units.ts';
import { costText } from './cost.ts';
import { STATUS_COLOURS } from './task-marks.ts';

/** What the commands below are about where nothing is configured. */
const DEFAULT_ARCHITECTURE = configSchema.parse({}).kernel.arch;

export interface SummaryOptions {
  state: RunState;
  /** How long engines worked on it, without the time it was stopped. */
  workedMs: number;
  /** The run's folder. */
  folder: string;
  /** A GGUF file that the run has exported, absolute; null when there is none. */
  model: string | null;
  /** Paths are shown relative to this folder. */
  cwd: string;
  /** How the user calls this program: "auton", "node dist/auton.mjs". */
  self: string;
  columns: number;
  style: Style;
  symbols: Symbols;
}

const HEADLINES: Record<RunStatus, string> = {
  running: 'Still running',
  done: 'Done',
  failed: 'Failed',
  cancelled: 'Cancelled',
  paused: 'Paused',
};

/** The last thing a run prints: what came of it, what shows that, and what to type next. */
export function renderSummary(options: SummaryOptions): string[] {
  const { state, workedMs, style, symbols, columns } = options;
  const mark =
    state.status === 'done' ? symbols.done : state.status === 'failed' ? symbols.failed : symbols.judged;
  const tasks = state.tasks.size === 0 ? 'nothing was planned' : mergedText(state);
  const headline = `${mark} ${HEADLINES[state.status]}: ${tasks} in ${duration(workedMs)}.`;
  const lines = ['', style.bold(style[STATUS_COLOURS[state.status]](headline))];
  const troubles = troubleLines(state, columns, style, symbols);
  if (state.statusMessage !== '' && state.status !== 'done' && troubles.length === 0) {
    lines.push(...wrap(oneLine(state.statusMessage), columns - 3).map((line) => `  ${line}`));
  }
  lines.push(...troubles, '', ...table(facts(options)).map((line) => `  ${line}`));
  const next = nextSteps(options).map(([command, what]) => [style.cyan(command), what]);
  lines.push('', style.bold('Next'), ...table(next, 3).map((line) => `  ${line}`), '');
  return lines;
}

/** The tasks that failed, each in a line, and how many wait for them in vain. */
export function troubleLines(state: RunState, columns: number, style: Style, symbols: Symbols): string[] {
  const tasks = [...state.tasks.values()];
  const failed = tasks.filter((task) => task.state === 'failed');
  const blocked = tasks.filter((task) => task.state === 'blocked').map(({ spec }) => spec.id);
  const lines = failed.map(({ spec, reason }) => {
    const why = cut(
      oneLine(reason) || 'failed',
      Math.max(20, columns - spec.id.length - 7),
      symbols.ellipsis,
    );
    return `  ${style.red(symbols.failed)} ${style.bold(spec.id)}: ${why}`;
  });
  if (blocked.length === 0) return lines;
  const names = cut(blocked.join(', '), Math.max(20, columns - 16), symbols.ellipsis);
  return [...lines, `  ${style.yellow(symbols.failed)} blocked: ${names}`];
}

function mergedText(state: RunState): string {
  const merged = state.merges.length;
  const total = state.tasks.size;
  return merged === total
    ? `${counted(total, 'task')} merged`
    : `${merged} of ${counted(total, 'task')} merged`;
}

function facts({ state, folder, cwd, style }: SummaryOptions): string[][] {
  const shown = (path: string) => relative(cwd, path) || '.';
  const rows = [
    [style.dim('cost'), costText(state)],
    [style.dim('evidence'), evidenceText(state)],
  ];
  const kernel = lastKernel(state);
  if (kernel) rows.push([style.dim('kernel'), shown(join(folder, kernel))]);
  const head = state.merges.at(-1)?.sha;
  rows.push([
    style.dim('source'),
    `${shown(state.workspace)}, branch ${state.targetBranch}${head ? ` at ${head.slice(0, 8)}` : ''}`,
  ]);
  rows.push([style.dim('log'), shown(join(folder, 'events.jsonl'))]);
  if (state.sandbox === 'off') {
    rows.push([style.dim('sandbox'), style.alarm(' OFF ') + ' agents and builds ran with your rights']);
  }
  return rows;
}

/** Every evidence of a run, that of its tasks first. */
export function allEvidence(state: RunState): Evidence[] {
  return [...[...state.tasks.values()].flatMap(({ evidence }) => evidence), ...state.evidence];
}

function evidenceText(state: RunState): string {
  const all = allEvidence(state);
  const builds = all.filter(({ kind }) => kind === 'build');
  const boots = all.filter(({ kind }) => kind === 'boot');
  const gates = all.filter(({ kind }) => kind === 'inference');
  if (builds.length + boots.length + gates.length === 0) return 'none yet';
  const parts =
    builds.length + boots.length > 0 ? [counted(builds.length, 'build'), counted(boots.length, 'boot')] : [];
  // What is merged counts, at best as the run judged it at its end; an agent's own kernel has but some of it.
  const judged = [
    ...state.merges.flatMap(({ task }) => state.tasks.get(task)?.evidence ?? []),
    ...state.evidence,
  ];
  const last = judged.findLast(({ kind, tests }) => kind === 'boot' && tests.length > 0);
  if (last) {
    const passed = last.tests.filter((test) => test.passed).length;
    parts.push(`${passed} of ${counted(last.tests.length, 'acceptance test')} passed`);
    if (last.bootMs !== undefined) parts.push(`boots in ${duration(last.bootMs)}`);
  }
  const model = judged.findLast(({ kind }) => kind === 'inference');
  if (model) {
    const passed = model.tests.filter((test) => test.passed).length;
    parts.push(
      `${counted(gates.length, 'gate')} of the model, at last ${passed} of ${counted(model.tests.length, 'check')} passed`,
    );
  }
  return parts.join(', ');
}

/** The newest kernel that is on the target branch and booted, relative to the run's folder; null when there is none. */
export function lastKernel(state: RunState): string | null {
  const merged = state.merges.map(({ task }) => bootedKernel(state.tasks.get(task)?.evidence ?? []));
  return [...merged, bootedKernel(state.evidence)].findLast((kernel) => kernel !== null) ?? null;
}

/** A kernel that was only built, as with a second compiler, has not shown that it boots. */
function bootedKernel(evidence: readonly Evidence[]): string | null {
  let built: string | null = null;
  let booted: string | null = null;
  for (const { kind, passed, files } of evidence) {
    if (kind === 'build') built = passed ? (files.find(({ role }) => role === 'kernel')?.path ?? null) : null;
    if (kind === 'boot' && passed && built !== null) booted = built;
  }
  return booted;
}

/** Where the user has the target branch checked out, the work lies on a branch beside it. */
function takeOver({ state, cwd }: Pick<SummaryOptions, 'state' | 'cwd'>): [command: string, what: string][] {
  if (!state.targetBranch.startsWith('auton/')) return [];
  const where = relative(cwd, state.workspace) || '.';
  return [[`git -C ${where} merge --ff-only ${state.targetBranch}`, 'take it into your own branch']];
}

/** What a run that is done has made, to be tried. */
function tryOut({ state, self, cwd, model }: SummaryOptions): [command: string, what: string][] {
  if (state.mode === 'slm_training')
    return model === null
      ? []
      : [[`${self} slm chat --model ${relative(cwd, model)}`, 'ask the model, by the engine of a kernel']];
  const forArch = state.arch === DEFAULT_ARCHITECTURE ? '' : ` --arch ${state.arch}`;
  return [
    [`${self} kernel chat${forArch}`, 'talk to the kernel'],
    [`${self} kernel boot${forArch}`, 'boot it with its console on this terminal'],
  ];
}

function nextSteps(options: SummaryOptions): [command: string, what: string][] {
  const { state, self, cwd } = options;
  const report: [string, string] = [`${self} report`, 'what was done, with the evidence for it'];
  switch (state.status) {
    case 'done':
      return [...takeOver({ state, cwd }), ...tryOut(options), report];
    case 'failed': {
      const failed = [...state.tasks.values()].find((task) => task.state === 'failed')?.spec.id;
      if (failed === undefined) return [report];
      return [
        [`${self} logs --task ${failed}`, 'what happened to it'],
        [`${self} task retry ${failed}`, 'try it again'],
        report,
      ];
    }
    case 'cancelled':
      return [report];
    case 'paused':
    case 'running':
      if (state.pauseReason === 'budget') return [[`${self} budget <usd>`, 'raise it and go on'], report];
      return [[`${self} resume`, 'go on from here'], [`${self} status`, 'where it stands'], report];
  }
}

/** The time in which an engine worked: from each start or resume to the last event before the next. */
export function workedMs(events: readonly RunEvent[]): number {
  return workClock(events)(Infinity);
}

/** A clock that stands still while no engine works: milliseconds of work until a moment. */
export function workClock(events: readonly RunEvent[]): (at: number) => number {
  const periods: { from: number; to: number }[] = [];
  for (const { type, at } of events) {
    const time = Date.parse(at);
    const last = periods.at(-1);
    if (!last || type === 'run.resumed') periods.push({ from: time, to: time });
    else last.to = Math.max(last.to, time);
  }
  return (at) => periods.reduce((sum, { from, to }) => sum + Math.max(0, Math.min(at, to) - from), 0);
}
