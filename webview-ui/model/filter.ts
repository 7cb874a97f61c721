import type { TaskState } from '../../src/protocol/task.ts';
import type { TaskInfo } from '../../src/extension/graph/messages.ts';

/** Which tasks are meant by the words in the box (all of them, in id, title, role or agent) and the chosen states. */
export function matcher(
  words: string,
  states: readonly TaskState[],
): (task: Pick<TaskInfo, 'id' | 'title' | 'role' | 'state' | 'work'>) => boolean {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  return (task) => {
    if (states.length > 0 && !states.includes(task.state)) return false;
    if (wanted.length === 0) return true;
    const text = [task.id, task.title, task.role, ...task.work.map(({ agent }) => agent)]
      .join('\n')
      .toLowerCase();
    return wanted.every((word) => text.includes(word));
  };
}
