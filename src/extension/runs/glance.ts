import { open } from 'node:fs/promises';
import type { RunEvent } from '../../protocol/events.ts';
import type { RunStatus } from '../../protocol/run-state.ts';

/** An event seldom is longer; one that is shows as what is not known. */
const PIECE_BYTES = 32 * 1024;

/** What the ends of a log say of a run, without reading all of it. */
export interface Glance {
  goal: string;
  startedAt: string;
  /** `running` also where it was interrupted. */
  status: RunStatus;
}

export async function glanceAt(log: string): Promise<Glance | undefined> {
  try {
    const file = await open(log, 'r');
    try {
      const { size } = await file.stat();
      const buffer = Buffer.alloc(Math.min(size, PIECE_BYTES));
      await file.read(buffer, 0, buffer.length, 0);
      const first = parse(buffer.toString('utf8').split('\n')[0]!);
      if (first?.type !== 'run.started') return undefined;
      await file.read(buffer, 0, buffer.length, size - buffer.length);
      const last = buffer.toString('utf8').trimEnd().split('\n').at(-1)!;
      return { goal: first.goal, startedAt: first.at, status: statusOf(parse(last)) };
    } finally {
      await file.close();
    }
  } catch {
    return undefined; // the run can be opened all the same, and says then what is wrong with it
  }
}

function parse(line: string): RunEvent | undefined {
  try {
    return JSON.parse(line) as RunEvent;
  } catch {
    return undefined;
  }
}

function statusOf(last: RunEvent | undefined): RunStatus {
  if (last?.type === 'run.finished') return last.outcome;
  return last?.type === 'run.paused' ? 'paused' : 'running';
}
