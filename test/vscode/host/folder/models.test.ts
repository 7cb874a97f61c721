import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import type { RunEvent } from '../../../../src/protocol/events.ts';
import type { ScriptedAnswer, TestModels } from '../../fixtures/models-extension/extension.ts';
import { until } from '../../harness/wait.ts';

const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? '';

describe('a run with a language model of the editor', () => {
  const models = () => vscode.extensions.getExtension<TestModels>('auton.test-models')!.exports;

  /** The answers to the requests that come from now on. */
  async function script(answers: ScriptedAnswer[]): Promise<void> {
    const before = Array.from({ length: models().requests.length }, () => ({}));
    await vscode.workspace
      .getConfiguration('testModels')
      .update('answers', [...before, ...answers], vscode.ConfigurationTarget.Global);
  }

  function eventsOf(run: string): RunEvent[] {
    const log = join(folder, '.auton', 'runs', run, 'events.jsonl');
    if (!existsSync(log)) return [];
    const lines = readFileSync(log, 'utf8').split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line) as RunEvent);
  }

  it('gets text and tool calls as they come, tokens counted, and the words of a refusal', async function () {
    this.timeout(120_000);
    const asked = models().requests.length;
    const refusal = { error: 'This prompt is too long for the model' };
    await script([
      { text: ['I will ', 'look.'], calls: [{ name: 'list_files', input: { path: '.' } }] },
      // The second attempt is refused from its first word on: that is for the user to mend.
      ...[refusal, refusal],
    ]);
    const run = await vscode.commands.executeCommand<string>('auton.runGoal', {
      goal: 'Add a command that shows the time',
      model: 'vscode/test/small',
    });
    assert.ok(run, 'no run was started');
    const types = () => eventsOf(run).map(({ type }) => type);
    await until('the run to pause', () => types().includes('run.paused'), {
      timeoutMs: 60_000,
      saw: () => types().join(' '),
    });

    const [first, second] = models().requests.slice(asked);
    assert.ok(first?.tools.includes('propose_tasks'), first?.tools.join());
    assert.ok(second, 'the result of the tool did not come back to the model');
    const answered = eventsOf(run).find((event) => event.type === 'model.answered');
    assert.ok(answered && answered.usage.inputTokens > 100, 'the tokens were not counted');
    assert.equal(answered.costUsd, null, 'nobody knows its price');
    const failed = eventsOf(run).find((event) => event.type === 'model.failed');
    assert.match(failed?.message ?? '', /vscode\/test\/small.*refused.*too long for the model/);
    const sessions = join(folder, '.auton', 'runs', run, 'sessions');
    const text = readdirSync(sessions).map((name) => readFileSync(join(sessions, name), 'utf8'));
    assert.match(text.join(''), /I will look\./);
  });
});
