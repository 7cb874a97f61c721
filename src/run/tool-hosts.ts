import { UserError } from '../protocol/errors.ts';
import type { Review } from '../protocol/review.ts';
import type { TaskSpec } from '../protocol/task.ts';
import type { Worktree } from '../git/workspace.ts';
import type { ToolHost } from '../tools/tool.ts';
import type { Agent } from './agent-pool.ts';
import type { RunContext } from './context.ts';
import { slmHost } from './slm/host.ts';
import { askUser } from './questions.ts';

/** A host that can do nothing but ask the user; each role's host adds what its tools need. */
function baseHost(context: RunContext, session: string, agent: Agent, signal: AbortSignal): ToolHost {
  const notYours = (what: string) => (): Promise<never> =>
    Promise.reject(new UserError(`A ${agent.role} cannot ${what}.`, 'Use the tools you were given.'));
  return {
    build: notYours('build'),
    test: notYours('run tests'),
    diff: notYours('see a diff'),
    commit: notYours('commit'),
    proposeTasks: notYours('propose tasks'),
    submitReview: notYours('submit a review'),
    askUser: (question) => askUser(context, { session, agent, question, signal }),
  };
}

/** What the tools of a developer, architect, tester or integrator can do: work on one worktree. */
export function workHost(
  context: RunContext,
  scope: { session: string; agent: Agent; spec: TaskSpec; worktree: Worktree; signal: AbortSignal },
): ToolHost {
  const { session, agent, spec, worktree, signal } = scope;
  return {
    ...baseHost(context, session, agent, signal),
    slm: slmHost(context, { session, agent: agent.id }),
    build: (target) => context.gates.build({ path: worktree.path, target, signal }),
    test: (names) =>
      context.gates.test({ path: worktree.path, names: names.length > 0 ? names : spec.acceptance, signal }),
    diff: () => context.workspace.worktreeDiff(worktree),
    commit: (message) => context.workspace.commit(worktree, message, agent.id),
  };
}

export function managerHost(
  context: RunContext,
  scope: { session: string; agent: Agent; signal: AbortSignal; proposeTasks: ToolHost['proposeTasks'] },
): ToolHost {
  const { session, agent, signal, proposeTasks } = scope;
  return { ...baseHost(context, session, agent, signal), proposeTasks };
}

export function reviewerHost(
  context: RunContext,
  scope: {
    session: string;
    agent: Agent;
    signal: AbortSignal;
    diff: string;
    submit: (review: Review) => Promise<void>;
    submitted: () => boolean;
  },
): ToolHost {
  const { session, agent, signal, diff, submit, submitted } = scope;
  return {
    ...baseHost(context, session, agent, signal),
    diff: () => Promise.resolve(diff),
    submitReview: (review) =>
      submitted()
        ? Promise.reject(new UserError('Your verdict is in.', 'A review has one verdict; end here.'))
        : submit(review),
  };
}
