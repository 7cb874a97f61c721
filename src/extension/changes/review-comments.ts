import {
  CommentMode,
  comments,
  CommentThreadCollapsibleState,
  CommentThreadState,
  Disposable,
  l10n,
  MarkdownString,
  Range,
  workspace,
  type Comment,
  type CommentController,
  type CommentReply,
  type CommentThread,
  type TextDocument,
  type Uri,
} from 'vscode';
import { Disposables } from '../common/disposables.ts';
import { setting } from '../common/settings.ts';
import type { Ctx } from '../ctx.ts';
import { COMMENT_CONTROLLER } from '../ids.ts';
import { targetOfDocument, targetOfWorktreeFile, findTask } from './active-diff.ts';
import { isOver } from './branch-state.ts';
import type { Draft } from './drafts.ts';
import { explainGone } from './explain.ts';
import { parseGitDocument } from './git-documents.ts';
import { isSameFile, reviewedLines, type Place, type ReviewedLine } from './reviewed-lines.ts';
import { escapeLines, shortId } from './texts.ts';

/** A comment of the user's, with its draft. */
export interface DraftComment extends Comment {
  body: string;
  draft: string;
  thread: CommentThread;
}

/** Threads of one open document by what each is about. */
type Threads = Map<string, CommentThread>;

/** Reviewers' comments on the lines they speak of, in every open document that shows these lines; and the user's own. */
export class ReviewComments implements Disposable {
  readonly #ctx: Ctx;
  readonly #disposables = new Disposables();
  readonly #threads = new Map<TextDocument, Threads>();
  /** Made when there is something to comment: the editor then shows its panel of comments. */
  #controller: CommentController | null = null;

  constructor(ctx: Ctx) {
    this.#ctx = ctx;
    const all = () => {
      for (const document of workspace.textDocuments) void this.#update(document);
    };
    const add = <T extends Disposable>(item: T) => this.#disposables.add(item);
    add(workspace.onDidOpenTextDocument((document) => void this.#update(document)));
    add(workspace.onDidCloseTextDocument((document) => this.#close(document)));
    add(ctx.changes.drafts.onDidChange(all));
    add(workspace.onDidChangeConfiguration((event) => event.affectsConfiguration('auton.changes') && all()));
    add(
      ctx.folders.onDidChange((change) => {
        if (change.kind === 'run' && change.delta.tasks.size === 0 && !change.delta.changes) return;
        if (change.kind !== 'engine') all();
      }),
    );
    all();
  }

  dispose(): void {
    for (const document of [...this.#threads.keys()]) this.#close(document);
    this.#controller?.dispose();
    this.#disposables.dispose();
  }

  #close(document: TextDocument): void {
    for (const thread of this.#threads.get(document)?.values() ?? []) thread.dispose();
    this.#threads.delete(document);
  }

  async #update(document: TextDocument): Promise<void> {
    const target = targetOfDocument(this.#ctx, document.uri);
    const place = target && placeOf(this.#ctx, document.uri);
    const found = target && findTask(this.#ctx, target);
    if (!place || !found) return this.#close(document);
    const { record, task } = found;
    try {
      const repository = await this.#ctx.changes.repositories.get(record.state.workspace);
      const shown = setting('changes.reviewComments') ? await reviewedLines(repository, task, place) : [];
      const drafts: Draft[] = [];
      for (const draft of this.#ctx.changes.drafts.of(target)) {
        if (draft.file === place.file && (await isSameFile(repository, place, draft.commit)))
          drafts.push(draft);
      }
      if (!document.isClosed) this.#show(document, shown, drafts);
    } catch (error) {
      this.#ctx.log.warn(explainGone(error));
    }
  }

  #show(document: TextDocument, reviewed: ReviewedLine[], drafts: Draft[]): void {
    const controller = (this.#controller ??= this.#createController());
    const known: Threads = this.#threads.get(document) ?? new Map<string, CommentThread>();
    this.#threads.set(document, known);
    const wanted = new Set([...reviewed.map(({ key }) => key), ...drafts.map(({ id }) => id)]);
    for (const [key, thread] of known) {
      if (wanted.has(key)) continue;
      thread.dispose();
      known.delete(key);
    }
    const create = (key: string, line: number, comment: Comment) => {
      const at = Math.min(line, document.lineCount) - 1;
      const thread = controller.createCommentThread(document.uri, new Range(at, 0, at, 0), [comment]);
      thread.canReply = false;
      known.set(key, thread);
      return thread;
    };
    for (const line of reviewed) {
      const thread =
        known.get(line.key) ?? showReview(create(line.key, line.line, reviewComment(line)), line);
      thread.state = line.resolved ? CommentThreadState.Resolved : CommentThreadState.Unresolved;
    }
    for (const draft of drafts) {
      const thread = known.get(draft.id) ?? showDraft(create(draft.id, draft.line, draftComment(draft)));
      const [shown] = thread.comments as readonly DraftComment[];
      const isShown = shown?.thread === thread && shown.body === draft.text;
      if (!isShown && shown?.mode !== CommentMode.Editing) {
        const comment: DraftComment = { ...draftComment(draft), thread };
        thread.comments = [comment];
      }
    }
  }

  #createController(): CommentController {
    const controller = comments.createCommentController(COMMENT_CONTROLLER, l10n.t('AUTON reviews'));
    controller.options = {
      prompt: l10n.t('Comment on this line'),
      placeHolder: l10n.t('What should be different? It is sent when you reject the change.'),
    };
    controller.commentingRangeProvider = {
      provideCommentingRanges: (document) => {
        const target = targetOfDocument(this.#ctx, document.uri);
        const found = target && findTask(this.#ctx, target);
        return found && !isOver(found.task) ? [new Range(0, 0, document.lineCount - 1, 0)] : [];
      },
    };
    return controller;
  }
}

/** Keeps what the user wrote into the box of a new thread. */
export async function addDraft(ctx: Ctx, { thread, text }: CommentReply): Promise<void> {
  const target = targetOfDocument(ctx, thread.uri);
  const place = placeOf(ctx, thread.uri);
  const line = (thread.range?.end.line ?? 0) + 1;
  thread.dispose(); // in its place comes one with the draft
  if (target && place && text.trim() !== '') {
    await ctx.changes.drafts.add({ ...target, ...place, line, text: text.trim() });
  }
}

export function setMode({ thread, ...comment }: DraftComment, mode: CommentMode): void {
  const changed: DraftComment = { ...comment, thread, mode };
  thread.comments = [changed];
}

function placeOf(ctx: Ctx, uri: Uri): Place | undefined {
  if (uri.scheme === 'file') {
    const path = targetOfWorktreeFile(ctx, uri.fsPath)?.path;
    return path === undefined ? undefined : { file: path, commit: null };
  }
  const document = parseGitDocument(uri);
  return document?.text === undefined && document
    ? { file: document.path, commit: document.commit }
    : undefined;
}

function reviewComment({ agent, attempt, message }: ReviewedLine): Comment {
  return {
    author: { name: nameOf(agent) },
    body: new MarkdownString(escapeLines(message)),
    mode: CommentMode.Preview,
    label: l10n.t('attempt {0}', attempt),
    contextValue: 'review',
  };
}

function showReview(thread: CommentThread, { agent, verdict, resolved }: ReviewedLine): CommentThread {
  const name = nameOf(agent);
  const { Collapsed, Expanded } = CommentThreadCollapsibleState;
  thread.label = verdict === 'approve' ? l10n.t('{0} approves', name) : l10n.t('{0} asks for changes', name);
  thread.contextValue = 'review';
  thread.collapsibleState = resolved ? Collapsed : Expanded;
  return thread;
}

function draftComment({ id, text, commit }: Draft): Omit<DraftComment, 'thread'> {
  return {
    author: { name: l10n.t('You') },
    body: text,
    mode: CommentMode.Preview,
    label: commit === null ? l10n.t('not sent') : l10n.t('not sent, on {0}', shortId(commit)),
    contextValue: 'draft',
    draft: id,
  };
}

function showDraft(thread: CommentThread): CommentThread {
  thread.label = l10n.t('Your comment');
  thread.contextValue = 'draft';
  thread.collapsibleState = CommentThreadCollapsibleState.Expanded;
  return thread;
}

/** The user is an agent of that name in the log. */
function nameOf(agent: string): string {
  return agent === 'user' ? l10n.t('You') : agent;
}
