import { Disposable } from 'vscode';
import type { Ctx } from '../ctx.ts';
import { activeDiffKey } from './active-diff.ts';
import { changeDecorations } from './change-decorations.ts';
import { changeTree } from './change-tree.ts';
import { gitDocuments } from './git-documents.ts';
import { ReviewComments } from './review-comments.ts';
import { TouchedFiles } from './touched-files.ts';

/** What agents changed, as the editor's own documents, diffs and comments. */
export function changesPart(ctx: Ctx): Disposable {
  const { repositories } = ctx.changes;
  return Disposable.from(
    gitDocuments(ctx, repositories),
    changeDecorations(),
    changeTree(ctx, repositories),
    activeDiffKey(ctx),
    new ReviewComments(ctx),
    new TouchedFiles(ctx),
  );
}
