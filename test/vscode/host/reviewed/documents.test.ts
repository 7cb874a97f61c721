import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { gitDocument, textDocument } from '../../../../src/extension/changes/git-documents.ts';

describe('documents of commits', () => {
  let repository: string;
  let commit: string;
  before(async () => {
    await vscode.extensions.getExtension('auton.auton')!.activate();
    repository = join(vscode.workspace.workspaceFolders![0]!.uri.fsPath, 'kernels', 'x86_64');
    commit = execFileSync('git', ['-C', repository, 'rev-parse', 'agent/developer-1/mm'], {
      encoding: 'utf8',
    }).trim();
  });

  const textOf = async (uri: vscode.Uri) => (await vscode.workspace.openTextDocument(uri)).getText();

  it('are texts in the language of the file', async () => {
    const document = await vscode.workspace.openTextDocument(gitDocument(repository, commit, 'mm/pmm.c'));
    assert.match(document.getText(), /return frames;/);
    assert.equal(document.languageId, 'c');
  });

  it('are bytes where the file is not text', async () => {
    const bytes = await vscode.workspace.fs.readFile(gitDocument(repository, commit, 'logo.bin'));
    assert.deepEqual([...bytes], [0, 1, 3]);
  });

  it('cannot be written', async () => {
    const uri = gitDocument(repository, commit, 'mm/pmm.c');
    await assert.rejects(Promise.resolve(vscode.workspace.fs.writeFile(uri, Buffer.from('x'))));
    assert.equal(vscode.workspace.fs.isWritableFileSystem(uri.scheme), false);
  });

  it('can be a text of their own', async () => {
    assert.equal(await textOf(textDocument('mm/none.c', '')), '');
  });

  it('say what is not there: the file, the commit, the workspace', async () => {
    assert.match(await textOf(gitDocument(repository, commit, 'mm/none.c')), /not in the commit/);
    assert.match(await textOf(gitDocument(repository, '2'.repeat(40), 'mm/pmm.c')), /not in the repository/);
    const moved = `${repository}-moved`;
    renameSync(repository, moved);
    try {
      assert.match(await textOf(gitDocument(repository, commit, 'mm/pmm.h')), /was deleted or moved/);
    } finally {
      renameSync(moved, repository);
    }
  });
});
