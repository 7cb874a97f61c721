import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { EVENT_LOG_VERSION, type EventBody, type RunEvent } from '../../../src/protocol/events.ts';
import { LogBuilder, sampleRun, task, writeLog } from '../../fixtures/run-log.ts';
import { startedEvent } from '../../fixtures/events.ts';
import { useDesk } from '../harness/mocha.ts';
import { THEMES, type Theme } from '../harness/workbench.ts';

const RUN = '20260302-090000-k3f9';

const logFile = (folder: string, run = RUN) => join(folder, '.auton/runs', run, 'events.jsonl');

/** The log goes on, as an engine would write it. */
function append(folder: string, events: RunEvent[], ...bodies: EventBody[]): void {
  for (const body of bodies) {
    const event: RunEvent = { seq: events.length + 1, at: new Date().toISOString(), ...body };
    events.push(event);
    appendFileSync(logFile(folder), `${JSON.stringify(event)}\n`);
  }
}

function keep(folder: string, path: string, text: string): void {
  const file = join(dirname(logFile(folder)), path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

describe('The trees, from the log of a run', () => {
  const desk = useDesk();

  it('show its tasks, its agents, and what builds and boots proved, in every colour theme', async () => {
    const folder = desk.workspace();
    writeLog(logFile(folder), sampleRun('working'));
    const window = await desk.open({ folder });
    await window.container('AUTON');
    const runs = window.tree('Runs');
    await runs.maximise();
    assert.match((await runs.row(/^Build a bootable kernel/)).spoken, /interrupted, 1 of 6 tasks, no model/);
    assert.equal((await runs.row('dev-pci')).description, 'waits for boot');
    await runs.expand('Merged');
    assert.equal((await runs.row('headers')).description, 'Write the headers of all subsystems');
    assert.match(await runs.tooltip('boot'), /Enter long mode and print the banner/);
    assert.ok((await runs.menu('boot')).includes('Open Transcript'));

    const agents = window.tree('Agents');
    await agents.maximise();
    assert.equal((await agents.row('developer-1')).description, 'idle · 2 answers');

    const evidence = window.tree('Builds & Boots');
    await evidence.maximise();
    await evidence.expand('mm-pmm');
    assert.match((await evidence.row('Build')).description, /^failed · exit code 2 · 1 error/);
    await evidence.expand('Build');
    assert.equal((await evidence.row("'page_count' undeclared")).description, 'mm/slab.c:48:12');
    await window.screenshot('evidence');

    for (const tree of ['Runs', 'Changes', 'Agents']) await window.tree(tree).open();
    for (const theme of Object.keys(THEMES) as Theme[]) {
      await window.theme(theme);
      await window.screenshot(`views-${theme}`);
    }
  });

  it('follow what is written to it', async () => {
    const folder = desk.workspace();
    const events = sampleRun('working');
    writeLog(logFile(folder), events);
    const window = await desk.open({ folder });
    await window.container('AUTON');
    const runs = window.tree('Runs');
    await runs.maximise();
    await runs.row('boot');
    append(folder, events, {
      type: 'task.state',
      task: 'boot',
      state: 'failed',
      reason: 'no attempt passed',
    });
    await window.until('the task to stop', async () => {
      return (await runs.row('boot')).description.startsWith('no attempt passed');
    });
    await runs.row('Stopped');
    append(folder, events, { type: 'run.paused', reason: 'budget', message: 'The budget is used up.' });
    const status = await window.statusItem(/AUTON budget reached/);
    assert.match(status.text, /budget reached/);
    await window.until('the badge', async () => /1/.test(await window.badge('AUTON')));
    await window.screenshot('runs-budget');
  });

  it('open logs and transcripts as documents that hold nothing but text', async () => {
    const folder = desk.workspace();
    writeLog(logFile(folder), sampleRun('working'));
    keep(folder, 'evidence/boot-boot-1/serial.log', 'AUTON Kernel booting\n\u001b[31m[BOOT] OK\u001b[0m\n');
    const said = { kind: 'user', text: 'Align the stack.', source: 'user', message: 0 };
    keep(folder, 'transcripts/boot.2.developer.jsonl', `${JSON.stringify(said)}\n`);
    const window = await desk.open({ folder });
    await window.container('AUTON');
    const evidence = window.tree('Builds & Boots');
    await evidence.maximise();
    await evidence.expand('boot');
    await evidence.expand('Boot');
    await evidence.click('serial.log');
    await window.tab(/^serial/);
    await window.until('the serial log', async () => /\[BOOT\] OK/.test(await window.editorText()));
    assert.doesNotMatch(await window.editorText(), /\[31m/);
    await window.closeTabs();
    const runs = window.tree('Runs');
    await runs.maximise();
    await runs.pickFromMenu('boot', 'Open Transcript');
    await window.quickInput.pick('boot.2.developer');
    await window.until('the transcript', async () => /Align the stack/.test(await window.editorText()));
  });

  it('say what is wrong with a log, and show the others', async () => {
    const folder = desk.workspace();
    writeLog(logFile(folder), sampleRun('finished'));
    writeLog(logFile(folder, '20260303-090000-bbbb'), sampleRun('planned'));
    appendFileSync(logFile(folder, '20260303-090000-bbbb'), 'not an event\n{}\n');
    const [started, ...rest] = sampleRun('planned');
    assert.ok(started?.type === 'run.started');
    const versions = {
      '20260301-090000-oldd': EVENT_LOG_VERSION - 1,
      '20260304-090000-neww': EVENT_LOG_VERSION + 1,
    };
    for (const [run, version] of Object.entries(versions)) {
      const at = `${run.slice(0, 4)}-${run.slice(4, 6)}-${run.slice(6, 8)}T09:00:00.000Z`;
      writeLog(logFile(folder, run), [{ ...started, version, at }, ...rest]);
    }
    const window = await desk.open({ folder });
    await window.container('AUTON');
    const runs = window.tree('Runs');
    await runs.maximise();
    await runs.row(
      new RegExp(`is of format ${EVENT_LOG_VERSION + 1}; this version reads format ${EVENT_LOG_VERSION}`),
    );
    const tops = async () => (await runs.rows()).filter(({ level }) => level === 1);
    // Only the newest is read before somebody looks into it.
    for (const index of [1, 3]) {
      const row = (await tops())[index];
      assert.ok(row);
      await runs.expand(row.label);
    }
    await runs.row(/The event log .* is damaged/);
    await runs.row(new RegExp(`is of format ${EVENT_LOG_VERSION - 1};`));
    assert.deepEqual(
      (await tops()).map(({ description }) => description.split(' ')[0]),
      ['cannot', 'cannot', 'done', 'cannot'],
    );
    await window.screenshot('unreadable-logs');
  });

  it('stand below their folders where there are several', async () => {
    const [one, two] = [desk.workspace(), desk.workspace()];
    writeLog(logFile(one), sampleRun('finished'));
    const window = await desk.open({ workspace: desk.multiRoot([one, two]) });
    await window.container('AUTON');
    const runs = window.tree('Runs');
    await runs.maximise();
    await runs.row('Run Goal');
    const rows = await runs.rows();
    assert.deepEqual(
      rows.map(({ level, label }) => `${level} ${label}`).filter((row) => !row.startsWith('1')),
      [
        '2 Build a bootable kernel with SLM rule engine that detects hardware via PCI scan',
        '3 Merged',
        '2 Run Goal',
      ],
    );
  });

  it('hold a thousand tasks', async () => {
    const folder = desk.workspace();
    const log = new LogBuilder().add(startedEvent({ goal: 'Many tasks' }));
    const tasks = Array.from({ length: 1000 }, (_, index) =>
      task(`${['mm', 'dev', 'fs', 'net'][index % 4]}-t${index}`, `Task ${index}`),
    );
    log.add({ type: 'tasks.added', tasks, by: 'manager-1' });
    writeLog(logFile(folder), log.events);
    const window = await desk.open({ folder });
    await window.container('AUTON');
    const runs = window.tree('Runs');
    await runs.maximise();
    await runs.expand('Waiting');
    await runs.expand('net');
    await runs.row('net-t3');
    assert.equal((await runs.row('fs')).description, '250');
  });
});
