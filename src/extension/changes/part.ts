import { Disposable } from 'vscode';
import type { Ctx } from '../ctx.ts';
import { gitDocuments } from './git-documents.ts';
import { Repositories } from './repositories.ts';

/** What agents changed, as the editor's own documents, diffs and comments. */
export function changesPart(ctx: Ctx): Disposable {
  const repositories = new Repositories();
  return Disposable.from(gitDocuments(ctx, repositories), repositories);
}
