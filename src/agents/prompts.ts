import type { Evidence } from '../protocol/evidence.ts';
import { USER } from '../protocol/review.ts';
import { isSlmRole, type Architecture, type Role } from '../protocol/roles.ts';
import type { TaskView } from '../protocol/run-state.ts';
import type { TaskSpec } from '../protocol/task.ts';
import { ROLE_PROFILES } from './roles.ts';

const HOUSE_RULES = `You work in a git worktree of your own, in a sandbox without network. The engine commits for you.
Nothing you say counts as done: your change is judged by builds, boots in QEMU and acceptance tests that you cannot
edit. Warnings are errors. Only freestanding C11 headers may be included. Never print a [TEST] line yourself: the
self-test runner does. Tool results may be cut in the middle; the full text is in the file they name.`;

const MODEL_RULES = `You work in a git worktree of your own, in a sandbox without network. The engine commits for you.
What you commit is small: configurations, records, logs, exported files. Data sets and checkpoints stay in the run's own
folder, where only the tools write. Nothing you say counts as done, and nothing you write is believed: every file is
hashed, every checkpoint measured, every export loaded again. Change only files in your task's scope. End with a short
summary and no tool call.`;

/** Stable for a role within a run, so that a provider can cache it. */
export function systemPrompt(role: Role, arch: Architecture): string {
  const { title, charge } = ROLE_PROFILES[role];
  return `You are the ${title} of a team that builds an operating-system kernel for ${arch} with a small language
model at its core.\n\n${charge}\n\n${isSlmRole(role) ? MODEL_RULES : HOUSE_RULES}`;
}

export function planningPrompt(goal: string, acceptance: readonly string[]): string {
  return `The goal: ${goal}

Acceptance tests there are, by name: ${acceptance.join(', ')}.
Read the specification with read_spec, then propose the tasks.`;
}

export interface BriefContext {
  goal: string;
  /** The tasks that this one stands on; how many are merged in all. */
  dependencies: readonly { id: string; title: string }[];
  mergedCount: number;
}

/** The first message of an attempt: the task, where it stands, and everything earlier attempts ran into. */
export function taskBrief(task: TaskView, context: BriefContext): string {
  const { spec } = task;
  const parts = [describeTask(spec), `The run's goal: ${context.goal}`, mergedLine(context)];
  const feedback = taskFeedback(task);
  if (feedback)
    parts.push(
      `This is attempt ${task.attempts.length + 1}. Your earlier work is in the worktree.\n\n${feedback}`,
    );
  return parts.join('\n\n');
}

function mergedLine({ dependencies, mergedCount }: BriefContext): string {
  if (mergedCount === 0) return 'Nothing is merged yet.';
  const needed = dependencies.map(({ id, title }) => `${id} (${title})`).join('; ');
  return `Tasks merged so far: ${mergedCount}.${needed ? ` Yours stands on: ${needed}.` : ''}`;
}

export function reviewBrief(task: TaskView, diff: string): string {
  const earlier = task.reviews
    .map(
      ({ review }) =>
        `Earlier review (${review.verdict}): ${review.summary}\n${commentLines(review.comments)}`,
    )
    .join('\n');
  return [describeTask(task.spec), earlier, `The change:\n\n${diff}`, 'Call submit_review.']
    .filter(Boolean)
    .join('\n\n');
}

export function conflictBrief(task: TaskView, files: readonly string[]): string {
  return `${describeTask(task.spec)}\n\nMerging the main line into its branch conflicts in:\n${files
    .map((file) => `- ${file}`)
    .join('\n')}\n\nThe files hold the conflict markers now.\n\n${taskFeedback(task)}`.trimEnd();
}

function describeTask(spec: TaskSpec): string {
  if (isSlmRole(spec.role))
    return `Task ${spec.id}: ${spec.title}
May change: ${spec.scope.join(', ')}

${spec.description}`;
  return `Task ${spec.id}: ${spec.title}
Subsystem: ${spec.subsystem}
May change: ${spec.scope.join(', ')}
Acceptance tests: ${spec.acceptance.join(', ') || 'none of its own'}
Build target: ${spec.build}

${spec.description}`;
}

/** What the gates and the reviewer said since the last attempt began, or '' when there is nothing. */
function taskFeedback(task: TaskView): string {
  const last = task.attempts.at(-1);
  if (!last) return '';
  const parts: string[] = [];
  if (last.outcome && last.outcome !== 'finished')
    parts.push(`The last attempt ended early: ${last.message}`);
  else if (last.head === null)
    parts.push('The last attempt changed nothing. Only changed files count: use write_file or edit_file.');
  for (const evidence of task.evidence.filter((e) => !e.passed && e.startedAt >= last.startedAt)) {
    parts.push(describeFailure(evidence));
  }
  const review = task.reviews.findLast((r) => r.attempt === last.number);
  if (review?.review.verdict === 'request_changes') {
    const who = review.agent === USER ? 'user' : 'reviewer';
    const { summary, comments } = review.review;
    parts.push(`The ${who} asks for changes: ${summary}\n${commentLines(comments)}`.trimEnd());
  }
  return parts.join('\n\n');
}

/** Evidence of a failure, in the words an agent needs to mend it. */
export function describeFailure(evidence: Evidence): string {
  const lines = [`The ${evidence.kind} check failed: ${evidence.summary}`];
  for (const { severity, file, line, message } of evidence.findings.slice(0, 20)) {
    lines.push(`- ${severity}: ${file ? `${file}${line ? `:${line}` : ''}: ` : ''}${message}`);
  }
  for (const test of evidence.tests.filter(({ passed }) => !passed)) {
    lines.push(
      `- ${test.name}: ${test.missing.map((pattern) => `not seen: ${pattern}`).join('; ') || test.detail}`,
    );
  }
  if (evidence.culprits?.length) lines.push(`Subsystems that fail together: ${evidence.culprits.join(', ')}`);
  if (evidence.tail) lines.push(`The end of the log:\n${evidence.tail}`);
  return lines.join('\n');
}

function commentLines(comments: readonly { file: string; line: number; message: string }[]): string {
  return comments.map(({ file, line, message }) => `- ${file}:${line}: ${message}`).join('\n');
}
