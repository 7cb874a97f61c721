import type { Evidence } from '../../protocol/evidence.ts';
import { isPlaybook, type RunState, type TaskView } from '../../protocol/run-state.ts';
import type { TaskState } from '../../protocol/task.ts';
import type { StoredRun } from '../../run/runs.ts';
import { costText } from '../live/cost.ts';
import { allEvidence, workedMs } from '../live/summary.ts';
import { oneLine, printable } from '../../protocol/printable.ts';
import { bytes, counted, dayAndTime, dollars, duration } from '../../protocol/units.ts';
import { bad, code, good, heading, table, text, warning, type Block, type Inline } from './blocks.ts';
import { graphMermaid, graphSvg } from './graph.ts';
import { timelineSvg } from './timeline.ts';

const SHOWN_TAIL = 20;

/** Everything a report says about a run, in order. */
export function reportBlocks(run: StoredRun): Block[] {
  const { state, events } = run;
  const tasks = [...state.tasks.values()];
  return [
    heading(1, oneLine(state.goal)),
    text(statusOf(state), ` ${oneLine(state.statusMessage)}`),
    table(['', ''], facts(state, workedMs(events))),
    ...(tasks.length === 0 ? [text('Nothing was planned.')] : figures(run)),
    ...(tasks.length === 0 ? [] : [heading(2, 'Tasks'), taskTable(tasks, state)]),
    ...wholeEvidence(state),
    heading(2, 'Costs'),
    costTable(state),
    ...remarks(state),
    ...(tasks.length === 0 ? [] : [heading(2, 'What was done, task by task')]),
    ...tasks.flatMap((task) => taskBlocks(task, state)),
  ];
}

export function toned(state: TaskState): Inline {
  if (state === 'merged') return good(state);
  if (state === 'failed') return bad(state);
  return state === 'blocked' || state === 'cancelled' || state === 'skipped' ? warning(state) : state;
}

function statusOf(state: RunState): Inline {
  if (state.status === 'done') return good('Done.');
  if (state.status === 'failed') return bad('Failed.');
  return warning(
    state.status === 'running'
      ? 'Not finished.'
      : `${state.status[0]?.toUpperCase()}${state.status.slice(1)}.`,
  );
}

function facts(state: RunState, worked: number): Inline[][] {
  const all = allEvidence(state);
  const boots = all.filter(({ kind }) => kind === 'boot');
  const rows: Inline[][] = [
    ['Run', code(state.run)],
    ['Tasks', `${state.merges.length} of ${state.tasks.size} merged`],
    ['Time', `${duration(worked)}, started ${dayAndTime(state.startedAt)}`],
    ['Model', state.modelLabel],
    ['Cost', costText(state)],
    ['Architecture', `${state.arch}, ${state.mode}`],
    [
      'Sandbox',
      state.sandbox === 'off' ? bad('off: agents and builds ran with the rights of the user') : state.sandbox,
    ],
    ['Evidence', `${counted(all.length, 'piece')}, of them ${counted(boots.length, 'boot')}`],
    ['Branch', `${state.targetBranch} in ${state.workspace}`],
    ['From', code(state.base)],
  ];
  const head = state.merges.at(-1)?.sha;
  if (head) rows.push(['To', code(head)]);
  return rows;
}

function figures(run: StoredRun): Block[] {
  const { state } = run;
  return [
    heading(2, 'Dependencies'),
    {
      type: 'figure',
      title: 'Which task waits for which',
      svg: graphSvg(state),
      mermaid: graphMermaid(state),
    },
    heading(2, 'Timeline'),
    { type: 'figure', title: 'Who worked when', svg: timelineSvg(run) },
  ];
}

function taskTable(tasks: readonly TaskView[], state: RunState): Block {
  const cost = (task: TaskView) =>
    isPlaybook(state) && task.spentUsd === 0 ? 'none' : dollars(task.spentUsd);
  const rows = tasks.map((task): Inline[] => [
    { link: `task-${task.spec.id}`, text: task.spec.id },
    toned(task.state),
    task.spec.title,
    String(task.attempts.length),
    task.attempts.at(-1)?.agent ?? '',
    cost(task),
    task.mergedAs === null ? '' : code(task.mergedAs.slice(0, 10)),
  ]);
  return table(['Task', 'State', 'What', 'Attempts', 'By', 'Cost', 'Merged as'], rows);
}

function wholeEvidence(state: RunState): Block[] {
  if (state.evidence.length === 0) return [];
  return [heading(2, 'The whole, at the end'), ...state.evidence.flatMap(evidenceBlocks)];
}

function costTable(state: RunState): Block {
  const free = isPlaybook(state);
  const rows = [...state.agents.values()].map(({ id, model, calls, usage, spentUsd }): Inline[] => [
    id,
    model,
    String(calls),
    String(usage.inputTokens),
    String(usage.cacheReadTokens),
    String(usage.outputTokens),
    free && spentUsd === 0 ? 'none' : dollars(spentUsd),
  ]);
  return table(['Agent', 'Model', 'Calls', 'Tokens in', 'From cache', 'Tokens out', 'Cost'], rows);
}

function remarks(state: RunState): Block[] {
  const items: Inline[][] = [
    ...state.notices.map(({ level, text: notice }): Inline[] => [
      level === 'info' ? notice : warning(oneLine(notice)),
    ]),
    ...[...state.questions.values()].map(({ agent, question, answer }): Inline[] => [
      `${agent} asked: ${oneLine(question)} `,
      answer === null ? warning('Not answered.') : `You answered: ${oneLine(answer)}`,
    ]),
    ...state.messages.map(({ to, text: message }): Inline[] => [`You told ${to}: ${oneLine(message)}`]),
  ];
  return items.length === 0 ? [] : [heading(2, 'Remarks'), { type: 'list', items }];
}

function taskBlocks(task: TaskView, state: RunState): Block[] {
  const { spec, attempts, reviews, evidence, reason } = task;
  const after = spec.dependsOn.length === 0 ? 'nothing' : spec.dependsOn.join(', ');
  return [
    heading(3, `${spec.id}: ${oneLine(spec.title)}`, `task-${spec.id}`),
    text(
      toned(task.state),
      reason === '' ? '' : ` (${oneLine(reason)})`,
      `. Subsystem ${spec.subsystem}, after ${after}.`,
    ),
    text(oneLine(spec.description)),
    ...(attempts.length === 0
      ? []
      : [
          table(
            ['Attempt', 'Agent', 'Model', 'Took', 'Ended', 'Branch', 'Commit'],
            attempts.map((attempt): Inline[] => [
              String(attempt.number),
              attempt.agent,
              state.agents.get(attempt.agent)?.model ?? '',
              attempt.endedAt === null
                ? ''
                : duration(Date.parse(attempt.endedAt) - Date.parse(attempt.startedAt)),
              attempt.outcome === null
                ? 'at work'
                : `${attempt.outcome.replaceAll('_', ' ')}: ${oneLine(attempt.message)}`,
              code(attempt.branch),
              attempt.head === null ? '' : code(attempt.head.slice(0, 10)),
            ]),
          ),
        ]),
    ...reviews.flatMap(({ attempt, agent, review }): Block[] => [
      text(
        review.verdict === 'approve' ? good('Approved') : warning('Changes asked for'),
        ` by ${agent} after attempt ${attempt}: ${oneLine(review.summary)}`,
      ),
      ...(review.comments.length === 0
        ? []
        : [
            {
              type: 'list' as const,
              items: review.comments.map(({ file, line, message }): Inline[] => [
                code(`${file}:${line}`),
                ` ${oneLine(message)}`,
              ]),
            },
          ]),
    ]),
    ...evidence.flatMap(evidenceBlocks),
  ];
}

function evidenceBlocks(evidence: Evidence): Block[] {
  const { kind, passed, summary, durationMs, bootMs, command, exitCode, tree } = evidence;
  const took =
    bootMs === undefined
      ? duration(durationMs)
      : `booted in ${duration(bootMs)}, ${duration(durationMs)} in all`;
  const items: Inline[][] = [];
  if (command)
    items.push([
      code(command.join(' ')),
      exitCode === undefined ? '' : `, exit code ${exitCode ?? 'none (killed)'}`,
    ]);
  if (tree !== undefined) items.push(['Judged tree ', code(tree)]);
  for (const file of evidence.files) {
    items.push([`${file.role}: `, code(file.path), `, ${bytes(file.bytes)}, sha256 `, code(file.sha256)]);
  }
  for (const { file, line, severity, message } of evidence.findings) {
    const place = file === undefined ? [] : [code(line === undefined ? file : `${file}:${line}`), ' '];
    items.push([...place, severity === 'error' ? bad(oneLine(message)) : oneLine(message)]);
  }
  const right = evidence.tests.filter((test) => test.passed).map(({ name }) => name);
  if (right.length > 0) items.push([good(`${right.length} passed`), `: ${right.join(', ')}`]);
  for (const { name, missing, detail, passed: ok } of evidence.tests) {
    if (ok) continue;
    items.push([
      bad(name),
      detail ? ` ${oneLine(detail)}` : '',
      ...missing.flatMap((pattern) => [' missing ', code(pattern)]),
    ]);
  }
  if (evidence.culprits && evidence.culprits.length > 0)
    items.push(['Fails together: ', code(evidence.culprits.join(' + '))]);
  const blocks: Block[] = [
    text(passed ? good(`${kind} passed`) : bad(`${kind} failed`), `: ${oneLine(summary)} (${took})`),
    { type: 'list', items },
  ];
  if (!passed && evidence.tail) {
    blocks.push({
      type: 'code',
      text: printable(evidence.tail).trimEnd().split('\n').slice(-SHOWN_TAIL).join('\n'),
    });
  }
  return blocks.filter((block) => block.type !== 'list' || block.items.length > 0);
}
