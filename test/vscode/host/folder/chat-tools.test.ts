import assert from 'node:assert/strict';
import * as vscode from 'vscode';

describe('the tools for the chat', () => {
  const NAMES = ['auton_boot', 'auton_build', 'auton_run', 'auton_status', 'auton_task_diff'];

  async function invoke(name: string, input: object): Promise<string> {
    const result = await vscode.lm.invokeTool(name, { input, toolInvocationToken: undefined });
    return result.content.map((part) => (part as vscode.LanguageModelTextPart).value).join('\n');
  }

  it('are there, each with a description and a schema', () => {
    const tools = vscode.lm.tools.filter(({ name }) => name.startsWith('auton_'));
    assert.deepEqual(tools.map(({ name }) => name).sort(), NAMES);
    for (const { name, description, inputSchema } of tools) {
      assert.ok(description.length > 50, name);
      assert.ok(inputSchema, name);
    }
  });

  it('tell where the run stands', async () => {
    assert.match(await invoke('auton_status', {}), /There are no runs in|\*\*.*\*\*: /);
  });

  it('say what is wrong and what to do about it', async () => {
    await assert.rejects(invoke('auton_task_diff', { task: 'no-such-task' }), /no-such-task|no run/i);
  });
});
