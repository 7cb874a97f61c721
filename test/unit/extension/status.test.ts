import assert from 'node:assert/strict';
import type { RunRecord } from '../../../src/extension/runs/run-record.ts';
import type { LinkStatus } from '../../../src/extension/engine/engine-link.ts';
import type { EventBody } from '../../../src/protocol/events.ts';
import { startedEvent } from '../../fixtures/events.ts';
import { goldenIn } from '../../fixtures/golden.ts';
import { LogBuilder, sampleRun, task } from '../../fixtures/run-log.ts';
import { foldersOf, folderOf, recordOf } from './stored-run.ts';

const { emptyDelta } = await import('../../../src/extension/runs/run-record.ts');
const { actionsFor, statusText } = await import('../../../src/extension/status/status-text.ts');
const { noticeOf } = await import('../../../src/extension/status/notices.ts');
const { levelOf } = await import('../../../src/extension/status/log-level.ts');
const { runsHeader } = await import('../../../src/extension/views/header.ts');
const { describeEvent } = await import('../../../src/protocol/describe-event.ts');
const assertGolden = goldenIn(import.meta.dirname);

const TASKS = [task('lib', 'Strings'), task('core', 'The core', ['lib'])];

/** A paid run with two tasks, one of them at work, and then these events. */
function runWith(...events: EventBody[]): LogBuilder {
  const log = new LogBuilder().add(startedEvent({ modelLabel: 'anthropic/model' }));
  log.add({ type: 'tasks.added', tasks: TASKS, by: 'manager-1' });
  log.startAttempt('lib', 'developer-1', 'developer');
  log.step('lib.1.developer', 'developer-1', 0, 'read_file', 'reads lib/string.c', 1.2);
  return log.add(...events);
}

const ASKED: EventBody = {
  type: 'question.asked',
  id: 'q1',
  session: 'lib.1.developer',
  agent: 'developer-1',
  question: 'How long may strings be? [here](command:evil)',
};
const AWAITS: EventBody = { type: 'review.awaits_user', task: 'lib', attempt: 1 };
const BUDGET: EventBody = {
  type: 'run.paused',
  reason: 'budget',
  message: 'The budget of $10.00 is used up. Raise it with `auton budget <usd>`, then `auton resume`.',
};
const MODEL: EventBody = { type: 'run.paused', reason: 'model', message: 'The key was refused.' };
const BY_USER: EventBody = { type: 'run.paused', reason: 'user', message: 'by the user' };
const FAILED: EventBody = { type: 'run.finished', outcome: 'failed', summary: '1 task failed.' };

const SITUATIONS: [name: string, record: RunRecord | undefined, link: LinkStatus][] = [
  ['no run, no engine', undefined, 'none'],
  ['no run, an engine', undefined, 'connected'],
  ['playbook at work', recordOf(sampleRun('working')), 'connected'],
  ['being planned', recordOf(new LogBuilder().add(startedEvent()).events), 'connected'],
  ['model at work', recordOf(runWith().events), 'connected'],
  ['asks', recordOf(runWith(ASKED).events), 'connected'],
  ['waits for a review', recordOf(runWith(AWAITS).events), 'connected'],
  ['paused by the user', recordOf(runWith(BY_USER).events), 'connected'],
  ['out of money', recordOf(runWith(BUDGET).events), 'connected'],
  ['without an answer', recordOf(runWith(MODEL).events), 'connected'],
  ['lost', recordOf(runWith().events, false), 'lost'],
  ['interrupted', recordOf(runWith(ASKED).events, false), 'none'],
  ['done', recordOf(sampleRun('finished'), false), 'none'],
  ['failed', recordOf(runWith(FAILED).events, false), 'connected'],
];

describe('the status bar', () => {
  it('says how the run stands, what waits on the user, and offers what makes sense', () => {
    const lines = SITUATIONS.flatMap(([name, record, link]) => {
      const status = statusText(record, link);
      return [
        `${name}:`,
        status ? `  ${status.text} (${status.background}) ${status.spoken}` : '  hidden',
        ...(status?.tooltip ? [`  ${status.tooltip.replaceAll('\n\n', ' / ')}`] : []),
        `  ${actionsFor(record, link).join(' ')}`,
      ];
    });
    assertGolden('status', lines);
  });
});

describe('the header of the runs', () => {
  it('counts what waits in all folders, and says when an engine was lost', () => {
    const lines = SITUATIONS.map(([name, record, link]) => {
      const folder = folderOf(...(record ? [record] : []));
      Object.assign(folder.engine, { status: link });
      const { description, message, waiting } = runsHeader(foldersOf(folder), true);
      return [name, description, message, String(waiting)].join(' | ');
    });
    assertGolden('header', lines);
    const both = [runWith(ASKED, AWAITS), runWith(BUDGET)].map(({ events }) => folderOf(recordOf(events)));
    assert.equal(runsHeader(foldersOf(...both), true).waiting, 3);
  });
});

describe('notices', () => {
  it('are given for what waits on the user and for ends, with what to do', () => {
    const lines = [ASKED, AWAITS, BUDGET, MODEL, BY_USER, FAILED].map((body) => {
      const log = runWith(body);
      const notice = noticeOf(log.events.at(-1)!, recordOf(log.events), '/home/ada/os');
      if (!notice) return `${body.type}: nothing`;
      const buttons = notice.buttons.map(({ label, command }) => `[${label}: ${command}]`).join(' ');
      return `${body.type}: ${notice.severity}${notice.waits ? ', waits' : ''}: ${notice.text} ${buttons}`;
    });
    assertGolden('notices', lines);
  });

  it('hold only as long as they are true', () => {
    const log = runWith(ASKED);
    const record = recordOf(log.events);
    const notice = noticeOf(log.events.at(-1)!, record, '/home/ada/os');
    assert.equal(notice?.holds(), true);
    log.add({ type: 'question.answered', id: 'q1', answer: '4 KB' });
    record.apply(log.events, emptyDelta());
    assert.equal(notice?.holds(), false);
  });

  it('lead from a failed run to the task that failed', () => {
    const log = runWith({ type: 'task.state', task: 'lib', state: 'failed', reason: 'gave up' }, FAILED);
    const notice = noticeOf(log.events.at(-1)!, recordOf(log.events), '/home/ada/os');
    assert.deepEqual(notice?.buttons[0]?.target.task, 'lib');
  });
});

describe('the log', () => {
  it('has a level for each event', () => {
    const record = recordOf(sampleRun('working'));
    const lines = sampleRun('working').flatMap((event) => {
      const line = describeEvent(event, record.state);
      return line ? [`${levelOf(line)} ${line.subject}: ${line.text}`] : [];
    });
    assertGolden('log-lines', lines);
  });
});
