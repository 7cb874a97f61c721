import type { TaskView } from '../../protocol/run-state.ts';
import { FINAL_STATES } from '../../protocol/task.ts';

/** What a user may do to a task where it stands. */
export const isRetryable = ({ state }: TaskView) =>
  state === 'failed' || state === 'blocked' || state === 'cancelled' || state === 'skipped';
export const isOpen = ({ state }: TaskView) => !FINAL_STATES.has(state);

/** Its agents left commits that can be looked at. */
export const isChanged = ({ attempts }: TaskView) => attempts.some(({ head }) => head !== null);

/** Its reviewer approved; the user's own approval is waited for. */
export const awaitsUser = ({ awaitingUser }: TaskView) => awaitingUser;
