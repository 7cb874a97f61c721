import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { until } from '../../harness/wait.ts';

describe('auton.toml in the editor', () => {
  const file = vscode.Uri.joinPath(vscode.workspace.workspaceFolders![0]!.uri, 'auton.toml');
  let document: vscode.TextDocument;

  before(async () => {
    document = await vscode.workspace.openTextDocument(file);
  });
  after(() => write(''));

  async function write(text: string): Promise<void> {
    const edit = new vscode.WorkspaceEdit();
    edit.replace(file, new vscode.Range(0, 0, document.lineCount, 0), text);
    await vscode.workspace.applyEdit(edit);
  }

  /** The problems once they are those of the present text. */
  const problems = (fits: (found: vscode.Diagnostic[]) => boolean) =>
    until(
      'the problems of auton.toml',
      () => {
        const found = vscode.languages.getDiagnostics(file);
        return fits(found) && found;
      },
      { timeoutMs: 20_000, saw: () => vscode.languages.getDiagnostics(file).map(({ message }) => message) },
    );

  it('shows what is wrong on its place while it is written, and takes it back', async () => {
    await write('[llm]\nmodle = "x"\n\n[kernel]\narch = "sparc"\n');
    const found = await problems(({ length }) => length === 2);
    assert.deepEqual(found.map(({ range, code, source }) => [document.getText(range), code, source]).sort(), [
      ['"sparc"', 'kernel.arch', 'AUTON'],
      ['modle', 'llm.modle', 'AUTON'],
    ]);
    await write('[kernel]\narch = "riscv64"\n');
    await problems(({ length }) => length === 0);
  });

  it('corrects a misspelt key by a quick fix', async () => {
    await write('[llm]\nmodle = "playbook/reference"\n');
    const [problem] = await problems(({ length }) => length === 1);
    const actions = await vscode.commands.executeCommand<vscode.CodeAction[]>(
      'vscode.executeCodeActionProvider',
      file,
      problem!.range,
    );
    const fix = actions.find(({ title }) => title === 'Change to model');
    assert.ok(fix?.edit, actions.map(({ title }) => title).join());
    await vscode.workspace.applyEdit(fix.edit);
    assert.match(document.getText(), /^model = /m);
    await problems(({ length }) => length === 0);
  });

  const completions = async (line: number, column: number) => {
    const list = await vscode.commands.executeCommand<vscode.CompletionList>(
      'vscode.executeCompletionItemProvider',
      file,
      new vscode.Position(line, column),
    );
    return list.items.map(({ label }) => (typeof label === 'string' ? label : label.label));
  };

  it('completes keys, values and models', async () => {
    await write('[kernel]\n\narch = \n[llm]\nmodel = \n');
    assert.ok((await completions(1, 0)).includes('accel'));
    assert.deepEqual((await completions(2, 7)).slice(0, 3), ['"x86_64"', '"aarch64"', '"riscv64"']);
    const models = await completions(4, 8);
    for (const name of ['"playbook/reference"', '"anthropic/claude-opus-5-5"', '"vscode/test/small"'])
      assert.ok(models.includes(name), models.join());
  });

  it('explains the key under the pointer', async () => {
    await write('[kernel]\naccel = "auto"\n');
    const hovers = await vscode.commands.executeCommand<vscode.Hover[]>(
      'vscode.executeHoverProvider',
      file,
      new vscode.Position(1, 2),
    );
    const text = hovers
      .flatMap(({ contents }) => contents as vscode.MarkdownString[])
      .map(({ value }) => value);
    assert.match(text.join('\n'), /kernel\.accel[\s\S]*fastest that works[\s\S]*Default: `"auto"`/);
  });

  it('is begun with every key explained where there is none, and written when it is saved', async () => {
    await write('');
    await document.save();
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await vscode.workspace.fs.delete(file);
    await vscode.commands.executeCommand('auton.openConfiguration');
    const { document: begun } = vscode.window.activeTextEditor!;
    assert.equal(begun.isUntitled, true);
    assert.match(begun.getText(), /^\[llm\]\n(#.*\n)+# model = /m);
    await assert.rejects(async () => vscode.workspace.fs.stat(file), 'nothing is written before it is saved');
    await vscode.workspace.save(begun.uri);
    assert.match(new TextDecoder().decode(await vscode.workspace.fs.readFile(file)), /# model = /);
    document = await vscode.workspace.openTextDocument(file);
  });
});
