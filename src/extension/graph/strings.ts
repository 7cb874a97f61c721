import { l10n } from 'vscode';
import type { RunPhase } from '../../protocol/run-state.ts';
import type { TaskState } from '../../protocol/task.ts';

type Worded<K extends string> = Readonly<Record<K, { word: string }>>;

/** Every text of the graph's panel, in the user's language: the panel itself cannot translate. */
export function graphStrings(states: Worded<TaskState>, phases: Worded<RunPhase>) {
  return {
    ...words('state', states),
    ...words('phase', phases),
    graph: l10n.t('Task graph'),
    search: l10n.t('Filter by id, title or agent'),
    filterStates: l10n.t('Filter by state'),
    matches: l10n.t('{0} of {1} tasks'),
    zoomIn: l10n.t('Zoom in (+)'),
    zoomOut: l10n.t('Zoom out (-)'),
    zoomFit: l10n.t('Show everything (0)'),
    critical: l10n.t('Highlight the critical path'),
    criticalHint: l10n.t(
      'The chain of tasks that decides how long the run takes: measured time, and for what is still to do the usual time of such a task',
    ),
    criticalNode: l10n.t('on the critical path'),
    timeline: l10n.t('Time line'),
    showTimeline: l10n.t('Show the time line'),
    byAgent: l10n.t('Agents'),
    byTask: l10n.t('Tasks'),
    resize: l10n.t('Height of the time line'),
    progress: l10n.t('{0} of {1} merged'),
    atWork: l10n.t('{0} at work'),
    cost: l10n.t('{0} of {1}'),
    unknownCost: l10n.t('{0} calls of unknown price'),
    noCost: l10n.t('no model, costs nothing'),
    questions: l10n.t('waits for your answer'),
    attempts: l10n.t('{0} attempts'),
    attempt: l10n.t('1 attempt'),
    after: l10n.t('after {0}'),
    workedBy: l10n.t('{0} works on it'),
    took: l10n.t('took {0}'),
    sofar: l10n.t('{0} so far'),
    idle: l10n.t('idle'),
    plan: l10n.t('whole run'),
    paused: l10n.t('stopped for {0}'),
    now: l10n.t('now'),
    noTasks: l10n.t('The manager plans the tasks. They show here as soon as there are some.'),
    noTasksEnded: l10n.t('Nothing was planned in this run.'),
    noMatches: l10n.t('No task fits the filter.'),
    keys: l10n.t(
      'Arrow keys go along the edges, Enter shows the task in the Runs view, Ctrl+Enter opens its changes, Shift and arrow keys move the picture, plus, minus and 0 zoom.',
    ),
  };
}

export type GraphStrings = ReturnType<typeof graphStrings>;
export type StringKey = keyof GraphStrings;

/** The same words as in the trees, as "state.merged" and "phase.done". */
function words<P extends string, K extends string>(prefix: P, marks: Worded<K>) {
  const named = Object.entries<{ word: string }>(marks).map(([key, { word }]) => [`${prefix}.${key}`, word]);
  return Object.fromEntries(named) as Record<`${P}.${K}`, string>;
}
