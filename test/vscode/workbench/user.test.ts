import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { addsHeader, headerTasks, say, type AgentScript } from '../../fixtures/agent-script.ts';
import { skipBecause } from '../../fixtures/real-sandbox.ts';
import { useDesk } from '../harness/mocha.ts';
import { runScripted, ScriptedFolder, SECRET, typeKey } from '../harness/scripted-run.ts';
import { until } from '../harness/wait.ts';
import { endEngine } from '../harness/workspace.ts';

const RUN_MS = 120_000;
const ASKS: AgentScript = {
  ...headerTasks('one'),
  sessions: { 'developer one 1': addsHeader('one', say('', ['ask_user', { question: 'Go on?' }])) },
};

describe('A run that needs its user', function () {
  this.timeout(5 * RUN_MS);
  const desk = useDesk();
  let scripted: ScriptedFolder | undefined;
  afterEach('end the engine', async () => {
    await scripted?.close();
    scripted = undefined;
  });

  it('asks a question, for money, and for a verdict; a rejection reaches the next attempt', async () => {
    const settings = {
      workflow: { approval: 'user' },
      llm: { cost: { max_cost_usd: 0.07, warn_at_usd: 0.01 } },
    };
    const why = say('', ['write_file', { path: 'one/why.h', content: '#pragma once\n/* why */\n' }]);
    const sessions = { ...ASKS.sessions, 'developer one 2': [why, say('Said why.')] };
    scripted = await ScriptedFolder.make({ ...ASKS, sessions }, settings);
    const { folder, provider } = scripted;
    const window = await desk.open({ folder });
    await runScripted(window);
    const said = (attempt: number, turn: number) =>
      provider.calls.find(
        (call) => call.role === 'developer' && call.attempt === attempt && call.turn === turn,
      )?.said ?? '';

    const question = await window.notification(/developer-\d asks: Go on\?/, RUN_MS);
    assert.deepEqual(question.buttons, ['Answer']);
    await window.statusItem(/1 question/);
    await window.screenshot('question');
    await window.answer(/Go on\?/, 'Answer');
    await window.quickInput.asks(/Go on\?/);
    await window.quickInput.type('Yes, and quickly.');
    await window.quickInput.accept();

    const money = await window.notification(
      /The run is paused: The run has spent \$0\.0\d+ of \$0\.07/,
      RUN_MS,
    );
    assert.deepEqual(money.buttons, ['Set Budget', 'Show Costs']);
    await window.statusItem(/budget reached/);
    await window.screenshot('budget');
    await window.answer(/has spent/, 'Set Budget');
    await window.quickInput.asks(/Budget of this run/);
    await window.quickInput.type('5');
    await window.quickInput.accept();

    const verdict = await window.notification(/The reviewer approved one; now it waits for you/, RUN_MS);
    assert.match(said(1, 2), /Yes, and quickly\./);
    assert.deepEqual(verdict.buttons, ['Show Changes', 'Approve', 'Reject']);
    await window.statusItem(/1 review/);
    await window.screenshot('verdict');
    await window.answer(/waits for you/, 'Reject');
    await window.quickInput.asks(/Reject the change of one/);
    await window.quickInput.accept();
    await window.until('the refusal of an empty reason', async () =>
      /Say what has to be different/.test(await window.quickInput.message()),
    );
    await window.quickInput.type('Say why it is there.');
    await window.quickInput.accept();
    await until('the next attempt', () => said(2, 0) !== '', { timeoutMs: RUN_MS });
    assert.match(said(2, 0), /Say why it is there\./);

    await window.notification(/The reviewer approved one; now it waits for you/, RUN_MS);
    await window.answer(/waits for you/, 'Approve');
    await window.notification(/The run is done/, RUN_MS);
  });

  it('says that its key was refused, then that its model was; goes on when each is mended', async () => {
    scripted = await ScriptedFolder.make(headerTasks('one'), { llm: { max_tokens: 1001 } });
    const { folder, provider } = scripted;
    provider.interfere = ({ key }) =>
      key === SECRET
        ? { status: 400, message: 'max_tokens: 1001 > 1000, which is the maximum' }
        : { status: 401, message: 'invalid x-api-key' };
    const window = await desk.open({ folder });
    await runScripted(window, 'sk-ant-api03-this-key-is-not-known');
    const refused = await window.notification(
      /The run is paused: .*access was refused, 401.*Check the key/,
      RUN_MS,
    );
    assert.deepEqual(refused.buttons, ['Resume', 'Set API Key', 'Select Models']);
    await window.statusItem(/the model does not answer/);
    await window.screenshot('key-refused');
    await window.answer(/access was refused/, 'Set API Key');
    await typeKey(window, SECRET);
    await window.answer(/The run that waits for it can go on/, 'Resume');

    await window.notification(/The run is paused: .*max_tokens: 1001 > 1000.*Check llm\.model/, RUN_MS);
    assert.equal(provider.calls.length, 2, 'the refused requests were repeated');
    await window.screenshot('request-refused');
    provider.interfere = () => null;
    scripted.configure({ max_tokens: 1000 });
    await window.answer(/max_tokens/, 'Resume');
    await window.notification(/The run is done/, RUN_MS);
  });

  it('is paused when the disk is full, and goes on when there is room', async function () {
    scripted = await ScriptedFolder.make(ASKS);
    const state = join(scripted.folder, '.auton');
    mkdirSync(state);
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=12m', 'tmpfs', state], { stdio: 'pipe' });
    } catch (error) {
      skipBecause(this, `a small file system cannot be mounted here: ${String(error).split('\n', 1)[0]}`);
    }
    try {
      const window = await desk.open({ folder: scripted.folder });
      await runScripted(window);
      await window.notification(/Go on\?/, RUN_MS);
      const filler = join(state, 'filler');
      fill(filler);
      const answer = async () => {
        await window.command('AUTON: Answer Question');
        await window.quickInput.asks(/Go on\?/);
        await window.quickInput.type('Yes');
        await window.quickInput.accept();
      };
      await answer();
      await window.notification(/ENOSPC|disk is full/, RUN_MS);
      await window.screenshot('disk-full');
      unlinkSync(filler);
      await window.clearNotifications();
      await window.command('AUTON: Resume');
      // Whether the answer was written before the disk was full is a matter of bytes.
      const said = await window.notification(/The run is done|Go on\?/, RUN_MS);
      if (/Go on/.test(said.text)) await answer();
      await window.notification(/The run is done/, RUN_MS);
    } finally {
      endEngine(scripted.folder);
      execFileSync('umount', ['-l', state]);
    }
  });

  it('whose workspace was deleted says so, and keeps what it knows', async () => {
    scripted = await ScriptedFolder.make(ASKS);
    const { place, folder } = scripted;
    const window = await desk.open({ folder });
    await runScripted(window);
    await window.notification(/Go on\?/, RUN_MS);
    renameSync(place.workspace, `${place.workspace}.gone`);
    await window.answer(/Go on\?/, 'Answer');
    await window.quickInput.asks(/Go on\?/);
    await window.quickInput.type('Yes');
    await window.quickInput.accept();
    const paused = await window.notification(/The run is paused/, RUN_MS);
    await window.screenshot('workspace-deleted');
    assert.ok(paused.buttons.includes('Resume'), paused.text);
    await window.tree('Runs').row('one');
    renameSync(`${place.workspace}.gone`, place.workspace);
    await window.answer(/The run is paused/, 'Resume');
    await window.notification(/The run is done/, RUN_MS);
  });
});

/** Until nothing more fits. */
function fill(file: string): void {
  try {
    writeFileSync(file, Buffer.alloc(64 * 1024 * 1024));
  } catch {
    return; // it is full
  }
  rmSync(file);
  throw new Error('the disk is not full');
}
