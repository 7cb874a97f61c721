import assert from 'node:assert/strict';
import * as vscode from 'vscode';

describe('without a folder', () => {
  it('AUTON is not active before it is asked for anything', () => {
    assert.equal(vscode.extensions.getExtension('auton.auton')?.isActive, false);
  });
});
