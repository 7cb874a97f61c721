import assert from 'node:assert/strict';
import type { RunRecord } from '../../../src/extension/runs/run-record.ts';
import { goldenIn } from '../../fixtures/golden.ts';
import { LogBuilder, buildEvidence, sampleRun, task, type Moment } from '../../fixtures/run-log.ts';
import { startedEvent } from '../../fixtures/events.ts';
import { folderOf, foldersOf, recordOf } from './stored-run.ts';
import { treeText } from './tree-text.ts';

const { emptyDelta } = await import('../../../src/extension/runs/run-record.ts');
const { AgentsTree } = await import('../../../src/extension/views/agents-tree.ts');
const { EvidenceTree } = await import('../../../src/extension/views/evidence-tree.ts');
const assertGolden = goldenIn(import.meta.dirname);

/** A log that goes on where the sample stands. */
function logAt(moment: Moment): LogBuilder {
  return new LogBuilder().add(...sampleRun(moment).map(({ seq: _, at: __, ...body }) => body));
}

function changeOf(record: RunRecord, log: LogBuilder) {
  const delta = emptyDelta();
  record.apply(log.events, delta);
  return { kind: 'run', folder: folderOf(record), record, delta } as const;
}

const own = (node: { id: string } | undefined) => node?.id.split('\n').slice(2).join('/') ?? 'all';

describe('the tree of agents', () => {
  it('says what each one does, on what, and what it spent', async () => {
    const log = logAt('working');
    log.add({
      type: 'question.asked',
      id: 'q1',
      session: 'mm-pmm.2.developer',
      agent: 'developer-2',
      question: 'How many zones?',
    });
    const tree = new AgentsTree(foldersOf(folderOf(recordOf(log.events))));
    assertGolden('agents-working', await treeText(await tree.roots()));
  });

  it('shows nobody as busy in a run that no engine works on', async () => {
    const tree = new AgentsTree(foldersOf(folderOf(recordOf(sampleRun('working'), false))));
    assertGolden('agents-interrupted', await treeText(await tree.roots()));
  });

  it('draws only the agent anew that does something else', async () => {
    const log = logAt('working');
    const record = recordOf(log.events);
    const tree = new AgentsTree(foldersOf(folderOf(record)));
    await treeText(await tree.roots());
    log.step('boot.2.developer', 'developer-1', 1, 'search_code', 'searches for rsp');
    const { now, seldom } = tree.stale(changeOf(record, log));
    assert.deepEqual([now.map(own), seldom.map(own)], [['developer-1'], []]);
  });
});

describe('the tree of builds and boots', () => {
  it('shows evidence by task, newest first, with findings, tests and files', async () => {
    const tree = new EvidenceTree(foldersOf(folderOf(recordOf(sampleRun('working')))), () => 20);
    const lines = await treeText(await tree.roots());
    assertGolden('evidence-working', lines);
  });

  it('keeps earlier runs below a node of their own', async () => {
    const records = [
      recordOf(sampleRun('planned')),
      recordOf(sampleRun('finished'), false, '20260301-080000-aaaa'),
    ];
    const tree = new EvidenceTree(foldersOf(folderOf(...records)), () => 20);
    const lines = await treeText(await tree.roots());
    assert.match(lines[0]!, /Earlier runs \| 1/);
    assert.match(lines[1]!, /done · 6 of 6 tasks/);
    assert.match(lines[2]!, /Final validation/);
  });

  it('draws a task anew when it has new evidence, and all of them when their order changes', async () => {
    const log = logAt('working');
    const record = recordOf(log.events);
    const tree = new EvidenceTree(foldersOf(folderOf(record)), () => 20);
    await treeText(await tree.roots());
    const early = { ...buildEvidence('boot-again'), startedAt: '2026-03-02T08:00:00.000Z' };
    const first = tree.stale(changeOf(record, log.evidence('boot', early)));
    assert.deepEqual(first.now.map(own), ['boot']);
    const late = { ...buildEvidence('boot-late'), startedAt: '2026-03-03T09:00:00.000Z' };
    const second = tree.stale(changeOf(record, log.evidence('boot', late)));
    assert.deepEqual(second.seldom.map(own), ['all']);
  });

  it('puts tasks beyond the first hundred below a node of their own', async () => {
    const log = new LogBuilder().add(startedEvent());
    const tasks = Array.from({ length: 120 }, (_, index) => task(`t${index}`, `Task ${index}`));
    log.add({ type: 'tasks.added', tasks, by: 'manager-1' });
    for (const { id } of tasks) log.evidence(id, buildEvidence(`${id}-build`));
    const tree = new EvidenceTree(foldersOf(folderOf(recordOf(log.events))), () => 20);
    const roots = await tree.roots();
    assert.equal(roots.length, 101);
    assert.equal(roots[100]!.row().label, 'Older');
    assert.equal((await roots[100]!.children()).length, 20);
  });
});
