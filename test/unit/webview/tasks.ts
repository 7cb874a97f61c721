import type { TaskInfo } from '../../../src/extension/graph/messages.ts';
import type { TaskState } from '../../../src/protocol/task.ts';

/** A task as the panel gets it; the states it went through are given with the second at which each began. */
export function taskInfo(
  id: string,
  dependsOn: string[],
  timeline: readonly (readonly [TaskState, number])[] = [['pending', 0]],
  more: Partial<TaskInfo> = {},
): TaskInfo {
  return {
    id,
    title: `Write ${id}`,
    role: 'developer',
    dependsOn,
    state: timeline.at(-1)![0],
    reason: '',
    attempts: 0,
    spentUsd: 0,
    unpricedCalls: 0,
    timeline: timeline.map(([state, second]) => ({ state, at: second * 1000 })),
    work: [],
    ...more,
  };
}

/** Began, and was merged so many seconds later. */
export const merged = (from: number, to: number) =>
  [
    ['pending', 0],
    ['ready', from],
    ['running', from],
    ['merged', to],
  ] as const;
