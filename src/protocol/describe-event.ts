import type { RunEvent } from './events.ts';
import type { Evidence } from './evidence.ts';
import { oneLine } from './printable.ts';
import type { RunState } from './run-state.ts';
import { counted, dollars, duration } from './units.ts';

/**
 * How much an event matters: a `milestone` stays above the live board, a `step` is a line where there is no board,
 * a `detail` shows only to those who ask for it.
 */
export type Weight = 'milestone' | 'step' | 'detail';

export interface EventLine {
  weight: Weight;
  tone: 'good' | 'bad' | 'warning' | 'plain';
  /** The task, or who speaks where no task is concerned. */
  subject: string;
  agent: string | undefined;
  text: string;
}

type Line = (tone: EventLine['tone'], subject: string, text: string, agent?: string) => EventLine;
const lineOf =
  (weight: Weight): Line =>
  (tone, subject, text, agent) => ({ weight, tone, subject, agent, text: oneLine(text) });
const milestone = lineOf('milestone');
const step = lineOf('step');
const detail = lineOf('detail');

/** An event in words; `state` is the run's state after it. null for what another line already says. */
export function describeEvent(event: RunEvent, state: RunState): EventLine | null {
  const taskOf = (session: string) => state.sessions.get(session)?.task ?? '';
  switch (event.type) {
    case 'run.started':
      return step('plain', 'run', `${event.run}: ${event.goal} (${event.arch}, ${event.modelLabel})`);
    case 'run.resumed':
      return step('plain', 'run', 'continues where its log ends');
    case 'run.paused':
      return milestone('warning', 'run', `paused: ${event.message}`);
    case 'run.continued':
      return milestone('plain', 'run', 'goes on');
    case 'run.finished':
      return step(event.outcome === 'done' ? 'good' : 'bad', 'run', `${event.outcome}: ${event.summary}`);
    case 'budget.changed':
      return milestone('plain', 'budget', `is ${dollars(event.maxCostUsd)} now`);
    case 'budget.warned':
      return milestone(
        'warning',
        'budget',
        `${dollars(event.spentUsd)} are spent; a warning was asked for at ${dollars(event.limitUsd)}`,
      );
    case 'notice':
      return event.level === 'info'
        ? step('plain', 'run', event.text)
        : milestone(event.level === 'error' ? 'bad' : 'warning', 'run', event.text);
    case 'tasks.added':
      return milestone('plain', event.by, `planned ${counted(event.tasks.length, 'task')}`, event.by);
    case 'task.state':
      return taskState(event.task, event.state, event.reason ?? '');
    case 'attempt.started':
      return step(
        'plain',
        event.task,
        `${event.agent} starts${event.attempt > 1 ? ` attempt ${event.attempt}` : ''} on ${event.branch}`,
        event.agent,
      );
    case 'attempt.ended': {
      if (event.outcome === 'finished') {
        return detail('plain', event.task, `${event.agent} is finished: ${event.message}`, event.agent);
      }
      const why = event.outcome.replaceAll('_', ' ');
      return milestone(
        'warning',
        event.task,
        `${event.agent} stopped (${why}): ${event.message}`,
        event.agent,
      );
    }
    case 'session.started':
      return detail('plain', event.task, `${event.agent} opens ${event.session}`, event.agent);
    case 'session.ended':
      return null;
    case 'model.called':
      return null;
    case 'model.answered': {
      const cost = event.costUsd === null ? 'price unknown' : dollars(event.costUsd);
      const tokens = `${event.usage.inputTokens + event.usage.cacheReadTokens} tokens in, ${event.usage.outputTokens} out`;
      return detail(
        'plain',
        taskOf(event.session),
        `answer ${event.turn + 1} in ${duration(event.durationMs)}, ${tokens}, ${cost}`,
        event.agent,
      );
    }
    case 'model.failed':
      return detail(
        'bad',
        taskOf(event.session),
        `the model of ${event.agent} did not answer: ${event.message}`,
        event.agent,
      );
    case 'tool.called':
      return detail('plain', taskOf(event.session), `${event.agent} ${event.summary}`, event.agent);
    case 'tool.finished':
      return event.ok
        ? null
        : detail('warning', taskOf(event.session), `${event.tool} of ${event.agent} failed`, event.agent);
    case 'stage.progress':
      return detail(
        'plain',
        taskOf(event.session),
        `${event.agent} ${event.stage}: ${event.text}`,
        event.agent,
      );
    case 'agent.nudged':
      return milestone(
        'warning',
        taskOf(event.session),
        `${event.agent} was nudged: ${event.reason}`,
        event.agent,
      );
    case 'evidence.recorded':
      return evidenceLine(event.task ?? 'run', event.evidence);
    case 'review.submitted': {
      const { verdict, summary, comments } = event.review;
      if (verdict === 'approve')
        return step('good', event.task, `${event.agent} approves: ${summary}`, event.agent);
      const places = counted(comments.length, 'comment');
      return milestone(
        'warning',
        event.task,
        `${event.agent} asks for changes (${places}): ${summary}`,
        event.agent,
      );
    }
    case 'review.awaits_user':
      return milestone('warning', event.task, `waits for your approval (auton task approve ${event.task})`);
    case 'merge.started':
      return detail('plain', event.task, `is merged with ${event.base.slice(0, 8)} and judged`);
    case 'merge.conflicted':
      return milestone(
        'warning',
        event.task,
        `conflicts with ${state.targetBranch} in ${event.files.join(', ')}`,
      );
    case 'merge.validated':
      return null;
    case 'merge.finished':
      return milestone(
        'good',
        event.task,
        `merged as ${event.sha.slice(0, 8)} (${state.merges.length} of ${state.tasks.size})`,
      );
    case 'message.sent':
      return step('plain', event.to, `you said: ${event.text}`);
    case 'message.delivered':
      return null;
    case 'question.asked':
      return milestone(
        'warning',
        taskOf(event.session),
        `${event.agent} asks: ${event.question} (auton answer ${event.id} "...")`,
        event.agent,
      );
    case 'question.answered':
      return step('plain', 'you', `answered ${event.id}: ${event.answer}`);
  }
}

function taskState(task: string, state: string, reason: string): EventLine | null {
  const because = reason === '' ? '' : `: ${reason}`;
  switch (state) {
    case 'failed':
      return milestone('bad', task, `failed${because}`);
    case 'blocked':
    case 'cancelled':
    case 'skipped':
      return milestone('warning', task, `${state}${because}`);
    case 'merged': // said by the merge itself
    case 'running': // said by the attempt
      return null;
    case 'pending':
    case 'ready':
      return detail('plain', task, `${state}${because}`);
    default:
      return step('plain', task, `${state}${because}`);
  }
}

function evidenceLine(subject: string, evidence: Evidence): EventLine {
  const place = evidence.findings.find(({ file, severity }) => file !== undefined && severity === 'error');
  const where = place ? ` at ${place.file}${place.line === undefined ? '' : `:${place.line}`}` : '';
  const text = `${evidence.kind} ${evidence.passed ? 'passed' : 'failed'}: ${evidence.summary}${where} (${evidenceTimes(evidence)})`;
  return evidence.passed ? step('good', subject, text) : milestone('bad', subject, text);
}

/** How long it took; of a boot also how long until the kernel was up. */
export function evidenceTimes({ kind, bootMs, durationMs }: Evidence): string {
  const all = duration(durationMs);
  return kind === 'boot' && bootMs !== undefined ? `up in ${duration(bootMs)}, ${all} in all` : all;
}

export function isAtLeast(weight: Weight, least: Weight): boolean {
  const order: Weight[] = ['milestone', 'step', 'detail'];
  return order.indexOf(weight) <= order.indexOf(least);
}
