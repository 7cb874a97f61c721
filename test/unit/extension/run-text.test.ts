import assert from 'node:assert/strict';
import { english } from '../../../src/extension/chat/english.ts';
import { code, fenced, lastLines, plain } from '../../../src/extension/common/markdown.ts';
import {
  explainText,
  statusText,
  taskIn,
  troubles,
  type ToldRun,
} from '../../../src/extension/chat/run-text.ts';
import { foldEvents } from '../../../src/protocol/fold.ts';
import { goldenIn } from '../../fixtures/golden.ts';
import { buildEvidence, fakeSha, LogBuilder, sampleRun, task, bootEvidence } from '../../fixtures/run-log.ts';
import { startedEvent } from '../../fixtures/events.ts';

const assertGolden = goldenIn(import.meta.dirname);

function told(events: Parameters<typeof foldEvents>[0], phase?: ToldRun['phase']): ToldRun {
  const state = foldEvents(events);
  return { id: state.run, phase: phase ?? state.status, state };
}

/** A task failed with evidence, another waits for it in vain, an agent asks, the model refused at last. */
function troubledRun(): ToldRun {
  const log = new LogBuilder();
  log.add(startedEvent({ modelLabel: 'anthropic/claude-x', sandbox: 'off' }));
  log.add({
    type: 'tasks.added',
    tasks: [task('core', 'The core'), task('pmm', 'Page *frames*', ['core'])],
    by: 'manager-1',
  });
  log.startAttempt('core', 'developer-1', 'developer');
  log.step('core.1.developer', 'developer-1', 0, 'write_file', 'writes core.c', null);
  log.endAttempt('core', 'developer-1', 'developer');
  log.evidence('core', {
    ...buildEvidence('core-1', "'page_count' [undeclared](command:evil)"),
    tail: 'make: ***\n```\nError 2',
  });
  log.state('core', 'review').add({
    type: 'review.submitted',
    task: 'core',
    attempt: 1,
    agent: 'reviewer-1',
    review: {
      verdict: 'request_changes',
      summary: 'Not aligned.',
      comments: [{ file: 'a.c', line: 1, message: 'x' }],
    },
    head: fakeSha('core1'),
  });
  log.evidence('core', bootEvidence('core-boot', 300, 'mm_slab'));
  log.state('core', 'failed', 'no attempt passed the gates').state('pmm', 'blocked', 'core failed');
  log.add({
    type: 'question.asked',
    id: 'q1',
    session: 'core.1.developer',
    agent: 'developer-1',
    question: 'Which\nsize?',
  });
  log.add({ type: 'run.paused', reason: 'model', message: 'anthropic/claude-x: access was refused, 401.' });
  return told(log.events);
}

describe('what the chat tells of a run', () => {
  for (const moment of ['planned', 'working', 'finished'] as const) {
    it(`says where a run stands that is ${moment}`, () => {
      assertGolden(`chat-status-${moment}`, statusText(told(sampleRun(moment)), english).split('\n'));
    });
  }

  it('says what went wrong, what waits, and that the sandbox is off', () => {
    assertGolden('chat-status-troubled', statusText(troubledRun(), english).split('\n'));
  });

  it('explains failures with their evidence, and what they block', () => {
    assertGolden('chat-explain-troubled', explainText(troubledRun(), undefined, english).split('\n'));
  });

  it('explains one task', () => {
    const run = troubledRun();
    assertGolden('chat-explain-task', explainText(run, run.state.tasks.get('pmm'), english).split('\n'));
  });

  it('says that nothing is wrong when nothing is', () => {
    const planned = told(sampleRun('planned'));
    assert.equal(explainText(planned, undefined, english), 'Nothing is wrong: the run is running.');
  });

  it('looks at repeated attempts while nothing has failed for good', () => {
    const run = told(sampleRun('working'));
    assert.deepEqual(
      troubles(run.state).map(({ spec }) => spec.id),
      ['boot', 'mm-pmm'],
    );
  });

  it('finds the task that a sentence names', () => {
    const { state } = told(sampleRun());
    assert.equal(taskIn('Why was "mm-slab" so slow?', state)?.spec.id, 'mm-slab');
    assert.equal(taskIn('what about dev-pci.', state)?.spec.id, 'dev-pci');
    assert.equal(taskIn('how far is it?', state), undefined);
  });
});

describe('text of others in Markdown', () => {
  it('is no Markdown', () => {
    assert.equal(
      plain('[x](command:y) **b** `c`\n<img> #1'),
      '\\[x\\](command:y) \\*\\*b\\*\\* \\`c\\` \\<img\\> \\#1',
    );
  });

  it('cannot end code or a fence', () => {
    assert.equal(code('a`b\nc'), '``a`b c``');
    assert.equal(fenced('x\n````\ny'), '`````\nx\n````\ny\n`````');
  });

  it('is cut to its last lines', () => {
    assert.equal(lastLines('1\n2\n3\n', 2), '2\n3');
  });
});
