import assert from 'node:assert/strict';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { until } from '../../harness/wait.ts';

const GOAL = 'Build a bootable kernel with SLM rule engine that detects hardware via PCI scan';
const REFUSED = /skip|cancel/i;
const folder = vscode.workspace.workspaceFolders![0]!.uri.fsPath;
const runs = () => (existsSync(join(folder, '.auton/runs')) ? readdirSync(join(folder, '.auton/runs')) : []);

/** Types a request into the chat window and waits for the end of its answer. */
function send(query: string): Thenable<unknown> {
  const modelSelector = { vendor: 'test', id: 'small' };
  return vscode.commands.executeCommand('workbench.action.chat.open', {
    ...{ query, mode: 'ask', modelSelector, blockOnResponse: true },
  });
}

/** The conversation that the window shows, as text. */
async function shown(): Promise<string> {
  await vscode.commands.executeCommand('workbench.action.chat.copyAll');
  return vscode.env.clipboard.readText();
}

async function ask(query: string): Promise<string> {
  await vscode.commands.executeCommand('workbench.action.chat.newChat');
  await send(query);
  return shown();
}

/** Has a tool called for a model, answers the question that the chat asks before, and waits for what comes of it. */
async function call(
  name: string,
  input: object,
  answer: 'accept' | 'skip' | null,
  outcome: RegExp,
): Promise<void> {
  await vscode.commands.executeCommand('workbench.action.chat.newChat');
  const request = `@tools ${JSON.stringify({ name, input })}`;
  const sent = send(request);
  let said = '';
  const came = async () => {
    if (answer !== null) await vscode.commands.executeCommand(`workbench.action.chat.${answer}Tool`);
    said = (await shown()).replace(request, '');
    return outcome.test(said);
  };
  await until(`${outcome}`, came, { timeoutMs: 60_000, everyMs: 500, saw: () => said });
  await sent;
}

describe('@auton in the chat window', function () {
  this.timeout(120_000);
  before(async () => {
    await until('a model', async () => (await vscode.lm.selectChatModels({ vendor: 'test' })).length > 0);
  });

  it('tells where the run stands', async () => {
    const said = await ask('@auton /status');
    assert.match(said, /Build a kernel that manages memory.*paused/s);
    assert.match(said, /3 tasks: 1 running, 1 review, 1 merged/);
  });

  it('explains a task from what is recorded of it', async () => {
    const said = await ask('@auton /explain mm');
    assert.match(said, /Page frames: review.*waits for the user's approval/s);
    assert.doesNotMatch(said, /asks for changes/, 'the next attempt was approved');
  });

  it('puts a free question to the model that is chosen in the chat, with the facts', async () => {
    assert.match(await ask('@auton How many tasks are merged?'), /You said: How many tasks are merged\?/);
  });

  it('says what to give when it is asked to run nothing', async () => {
    assert.match(await ask('@auton /run'), /Say what the agents shall build/);
  });
});

describe('a tool that a model of the chat calls', function () {
  this.timeout(180_000);

  it('tells of the run without asking, as it only reads', async () => {
    await call('auton_status', {}, null, /manages memory.*lib \(merged\)/s);
    await call('auton_task_diff', { task: 'lib' }, null, /memcpy/);
  });

  it('starts a run, builds or boots only when the user allows it', async () => {
    const before = runs();
    await call('auton_run', { goal: GOAL }, 'skip', REFUSED);
    assert.deepEqual(runs(), before, 'a run was started without consent');
    await call('auton_build', {}, 'skip', REFUSED);
    await call('auton_boot', {}, 'skip', REFUSED);
  });

  it('builds the kernel and boots it with a question, as the user allowed', async () => {
    await call('auton_build', {}, 'accept', /PASSED/);
    await call('auton_boot', { question: 'help' }, 'accept', /booted to its prompt.*Its answer/s);
  });

  it('starts the run that the user allowed', async () => {
    const before = runs();
    // The playbook begins with an empty workspace.
    writeFileSync(join(folder, 'auton.toml'), '[workspace]\npath = "fresh"\n');
    await call('auton_run', { goal: GOAL, model: 'playbook/reference' }, 'accept', /was started/);
    assert.equal(runs().length, before.length + 1);
  });
});
