import assert from 'node:assert/strict';
import type { RunRecord } from '../../../src/extension/runs/run-record.ts';
import { goldenIn } from '../../fixtures/golden.ts';
import { LogBuilder, sampleRun, task, type Moment } from '../../fixtures/run-log.ts';
import { startedEvent } from '../../fixtures/events.ts';
import { folderOf, recordOf } from './stored-run.ts';
import { treeText } from './tree-text.ts';

const { emptyDelta } = await import('../../../src/extension/runs/run-record.ts');
const { RunNode } = await import('../../../src/extension/views/run-nodes.ts');
const assertGolden = goldenIn(import.meta.dirname);

function nodeOf(record: RunRecord) {
  return new RunNode(folderOf(record), record, undefined, () => true);
}

describe('the tree of a run', () => {
  for (const moment of ['planned', 'working', 'finished'] satisfies Moment[]) {
    it(`shows a run that is ${moment}`, async () => {
      const node = nodeOf(recordOf(sampleRun(moment), moment !== 'finished'));
      assertGolden(`run-${moment}`, await treeText([node]));
    });
  }

  it('shows a run that nobody works on as interrupted, with nothing that spins', async () => {
    assertGolden('run-interrupted', await treeText([nodeOf(recordOf(sampleRun('working'), false))]));
  });

  it('puts what waits on the user first, and says why tasks stopped', async () => {
    const log = new LogBuilder();
    log.add(startedEvent({ modelLabel: 'anthropic/model' }));
    const tasks = [
      task('lib', 'Strings'),
      task('core', 'The core', ['lib']),
      task('pmm', 'Frames', ['core', 'lib']),
    ];
    log.add({ type: 'tasks.added', tasks: [...tasks, task('late', 'Late')], by: 'manager-1' });
    log.startAttempt('lib', 'developer-1', 'developer');
    log.step('lib.1.developer', 'developer-1', 0, 'read_file', 'reads lib/string.c', 0.07);
    log.add({
      type: 'question.asked',
      id: 'q1',
      session: 'lib.1.developer',
      agent: 'developer-1',
      question: 'May strings be\nlonger than 4 KB?\u001b[31m',
    });
    log.startAttempt('core', 'developer-2', 'developer');
    log.endAttempt('core', 'developer-2', 'developer').state('core', 'failed', 'no attempt passed the build');
    log.state('pmm', 'blocked', 'core failed').state('late', 'skipped');
    const lines = await treeText([nodeOf(recordOf(log.events))]);
    assertGolden('run-waiting', lines);
  });

  it('says what is wrong with a log that cannot be read', async () => {
    const { UserError } = await import('../../../src/protocol/errors.ts');
    const record = recordOf(sampleRun('working'));
    record.problem = new UserError('The event log is damaged.', 'Restore it.');
    const node = nodeOf(record);
    const [child] = await node.children();
    assert.equal(child?.row().label, 'The event log is damaged.');
    assert.match(child?.tooltip() ?? '', /Restore it/);
    assert.match(node.row().description, /cannot be read/);
  });
});

describe('tooltips of a run', () => {
  it('tell everything of a run and of a task, and escape what agents wrote', async () => {
    const record = recordOf(sampleRun('working'));
    record.state.tasks.get('boot')!.reason = 'see [this](command:evil) ![x](http://h/p.png) `code`';
    const node = nodeOf(record);
    assertGolden('run-tooltips', [node.tooltip(), '-----', node.task('boot').tooltip()]);
  });
});

describe('what is drawn anew in the tree of a run', () => {
  /** Ids of what a change makes stale, without the run's own. */
  async function staleAfter(change: (log: LogBuilder) => void, moment: Moment = 'working') {
    const log = new LogBuilder();
    log.add(...sampleRun(moment).map(({ seq: _, at: __, ...body }) => body));
    const record = recordOf(log.events);
    const node = nodeOf(record);
    await treeText([node]);
    change(log);
    const delta = emptyDelta();
    record.apply(log.events, delta);
    const stale = node.update(delta);
    const names = (nodes: readonly ({ id: string } | undefined)[]) =>
      nodes.map((one) => (one === node ? 'run' : (one?.id.slice(node.id.length + 1) ?? 'all')));
    return { now: names(stale.now), seldom: names(stale.seldom) };
  }

  it('is the task whose agent does something else', async () => {
    const stale = await staleAfter((log) =>
      log.add({
        type: 'tool.called',
        session: 'boot.2.developer',
        agent: 'developer-1',
        tool: 'x',
        summary: 'greps',
      }),
    );
    assert.deepEqual(stale, { now: ['task boot'], seldom: [] });
  });

  it('is nothing when what happened does not show', async () => {
    const stale = await staleAfter((log) => log.evidence('boot', sampleBuild()));
    assert.deepEqual(stale, { now: [], seldom: [] });
  });

  it('is both lists when a task moves from one to the other, and the numbers of the run later', async () => {
    const stale = await staleAfter((log) => {
      log.endAttempt('boot', 'developer-1', 'developer', 2).state('boot', 'validating').merge('boot', 330);
    });
    assert.deepEqual(stale.now.slice(0, 2), ['group working', 'group merged']);
    assert.ok(stale.now.includes('task dev-pci'), 'what waited for it shows that it does not any more');
    assert.deepEqual(stale.seldom, ['run']);
  });

  it('is the whole run when a list comes or goes', async () => {
    const stale = await staleAfter((log) => log.state('mm-slab', 'failed', 'gave up'));
    assert.deepEqual(stale, { now: ['run'], seldom: [] });
  });

  it('is the run when it ends', async () => {
    const stale = await staleAfter((log) =>
      log.add({ type: 'run.finished', outcome: 'failed', summary: 'stopped' }),
    );
    assert.ok(stale.seldom.includes('run') || stale.now.includes('run'));
  });

  function sampleBuild() {
    const event = sampleRun().find(({ type }) => type === 'evidence.recorded');
    assert.ok(event?.type === 'evidence.recorded');
    return event.evidence;
  }
});

describe('a big run', () => {
  it('is divided by subsystem where a list is long', async () => {
    const log = new LogBuilder();
    log.add(startedEvent());
    const tasks = Array.from({ length: 300 }, (_, index) =>
      task(`${['mm', 'dev', 'fs'][index % 3]}-t${index}`, `Task ${index}`),
    );
    log.add({ type: 'tasks.added', tasks, by: 'manager-1' });
    const node = nodeOf(recordOf(log.events));
    const [waiting] = await node.children();
    const parts = await waiting!.children();
    assert.deepEqual(
      parts.map((part) => `${part.row().label} ${part.row().description} ${part.row().folding}`),
      ['mm 100 closed', 'dev 100 closed', 'fs 100 closed'],
    );
    const last = node.task('fs-t299');
    assert.equal(last.parent, parts[2]);
    assert.equal(last.parent?.parent, waiting);
    assert.equal(waiting?.parent, node);
  });
});
