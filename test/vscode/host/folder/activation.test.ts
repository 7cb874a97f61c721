import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { TestModels } from '../../fixtures/models-extension/extension.ts';

const AUTON = 'auton.auton';

describe('activation', () => {
  it('comes with auton.toml in the folder', async () => {
    const extension = vscode.extensions.getExtension(AUTON);
    assert.ok(extension, 'the packaged extension is installed');
    await extension.activate();
    assert.equal(extension.isActive, true);
  });

  it('registers every command of the manifest', async () => {
    const extension = vscode.extensions.getExtension(AUTON)!;
    const manifest = extension.packageJSON as { contributes: { commands: { command: string }[] } };
    const declared = manifest.contributes.commands;
    const known = new Set(await vscode.commands.getCommands(true));
    const missing = declared.map(({ command }) => command).filter((command) => !known.has(command));
    assert.deepEqual(missing, []);
  });
});

describe("the editor's language models", () => {
  it('are there for a test to write their answers', async () => {
    const models = vscode.extensions.getExtension<TestModels>('auton.test-models')!;
    const { requests } = await models.activate();
    await vscode.workspace
      .getConfiguration('testModels')
      .update('answers', [{ text: ['A kernel', ' boots.'] }], vscode.ConfigurationTarget.Global);
    const [model] = await vscode.lm.selectChatModels({ vendor: 'test', id: 'small' });
    assert.ok(model);
    const response = await model.sendRequest([vscode.LanguageModelChatMessage.User('What does it do?')]);
    let text = '';
    for await (const chunk of response.text) text += chunk;
    assert.equal(text, 'A kernel boots.');
    assert.deepEqual(requests.at(-1), { model: 'small', text: 'What does it do?', tools: [] });
  });
});
