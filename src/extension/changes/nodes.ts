import { basename, dirname } from 'node:path';
import {
  l10n,
  MarkdownString,
  ThemeIcon,
  TreeItem,
  TreeItemCollapsibleState as Collapsible,
  type Command,
} from 'vscode';
import type { TaskView } from '../../protocol/run-state.ts';
import type { HasTarget, Target } from '../common/target.ts';
import type { AutonFolder } from '../folder.ts';
import { COMMANDS } from '../ids.ts';
import type { RunRecord } from '../runs/run-record.ts';
import { escape } from '../common/markdown.ts';
import { BRANCH_STATES, branchIcon, branchState, isReviewable, stateText } from './branch-state.ts';
import { changeUri } from './change-decorations.ts';
import type { Comparison } from './comparison.ts';
import type { FileChange } from './file-changes.ts';
import type { Commit } from './repository.ts';
import { attemptText, countText, escapeLines, runDate, shortId } from './texts.ts';

type TaskTarget = Target & { run: string; task: string };

/** What the tree of changes consists of. Elements stay the same objects, so that one alone can be refreshed. */
export type ChangeNode =
  FolderNode | EarlierNode | RunNode | BranchNode | CommitNode | FileNode | MessageNode;

export class FolderNode implements HasTarget {
  readonly kind = 'folder';
  readonly folder: AutonFolder;
  readonly target: Target;

  constructor(folder: AutonFolder) {
    this.folder = folder;
    this.target = { folder: folder.path };
  }

  item(): TreeItem {
    const item = new TreeItem(this.folder.name, Collapsible.Expanded);
    item.id = this.folder.path;
    item.iconPath = new ThemeIcon('root-folder');
    item.tooltip = this.folder.path;
    return item;
  }
}

/** The runs before the one that is shown. */
export class EarlierNode implements HasTarget {
  readonly kind = 'earlier';
  readonly folder: AutonFolder;
  readonly target: Target;

  constructor(folder: AutonFolder) {
    this.folder = folder;
    this.target = { folder: folder.path };
  }

  item(): TreeItem {
    const item = new TreeItem(l10n.t('Earlier runs'), Collapsible.Collapsed);
    item.id = `${this.folder.path}\nearlier`;
    item.iconPath = new ThemeIcon('history');
    return item;
  }
}

export class RunNode implements HasTarget {
  readonly kind = 'run';
  readonly folder: AutonFolder;
  readonly record: RunRecord;
  readonly target: Target;

  constructor(folder: AutonFolder, record: RunRecord) {
    this.folder = folder;
    this.record = record;
    this.target = { folder: folder.path, run: record.id };
  }

  item(): TreeItem {
    const item = new TreeItem(this.record.state.goal || this.record.id, Collapsible.Collapsed);
    item.id = `${this.folder.path}\n${this.record.id}`;
    item.description = runDate(this.record.id);
    item.iconPath = new ThemeIcon('rocket');
    item.tooltip = this.record.id;
    return item;
  }
}

export class BranchNode implements HasTarget {
  readonly kind = 'branch';
  readonly folder: AutonFolder;
  readonly record: RunRecord;
  readonly target: TaskTarget;
  /** What the tree shows of it now, and where. */
  shown = '';
  shownPlace = '';

  constructor(folder: AutonFolder, record: RunRecord, task: string) {
    this.folder = folder;
    this.record = record;
    this.target = { folder: folder.path, run: record.id, task };
  }

  get task(): TaskView {
    return this.record.state.tasks.get(this.target.task)!;
  }

  /** Changes when the item must be drawn anew. */
  get signature(): string {
    const { task } = this;
    const { state, attempts, mergedAs } = task;
    const last = attempts.at(-1);
    return [
      state,
      attempts.length,
      last?.outcome,
      last?.head,
      mergedAs,
      task.awaitingUser,
      isReviewable(task, this.record.state),
    ].join(' ');
  }

  /** Sorts the branches: what is at work first, and of those what was taken up last. */
  get place(): string {
    const { task } = this;
    const rank = BRANCH_STATES.indexOf(branchState(task));
    const age = Number.MAX_SAFE_INTEGER - Date.parse(task.attempts.at(-1)?.startedAt ?? '');
    return `${rank} ${age}`;
  }

  item(): TreeItem {
    const { task } = this;
    const item = new TreeItem(task.spec.id, Collapsible.Collapsed);
    item.id = `${this.folder.path}\n${this.record.id}\n${task.spec.id}`;
    item.description = [stateText(task), task.attempts.at(-1)?.agent].join(' · ');
    item.iconPath = branchIcon(branchState(task));
    item.contextValue = isReviewable(task, this.record.state) ? 'branch reviewable' : 'branch';
    item.accessibilityInformation = { label: `${task.spec.id}, ${task.spec.title}, ${stateText(task)}` };
    this.shown = this.signature;
    this.shownPlace = this.place;
    return item;
  }

  tooltip(): MarkdownString {
    const { task } = this;
    const text = new MarkdownString();
    text.appendMarkdown('**').appendMarkdown(escape(task.spec.title)).appendMarkdown('**\n\n');
    text.appendMarkdown(
      '$(git-branch) `' + (task.attempts.at(-1)?.branch ?? '').replaceAll('`', '') + '`\n\n',
    );
    text
      .appendMarkdown(escape(stateText(task) + (task.reason === '' ? '' : `: ${task.reason}`)))
      .appendMarkdown('\n');
    for (const attempt of task.attempts)
      text.appendMarkdown('\n- ').appendMarkdown(escape(attemptText(attempt)));
    text.supportThemeIcons = true;
    return text;
  }
}

/** A commit, the merge, or what is in a worktree and not committed. */
export class CommitNode implements HasTarget {
  readonly kind = 'commit';
  readonly branch: BranchNode;
  readonly comparison: Comparison;
  readonly target: TaskTarget;
  readonly #commit: Commit | null;
  readonly #isMerge: boolean;

  /** `commit` is null for what is not committed. */
  constructor(branch: BranchNode, comparison: Comparison, commit: Commit | null, isMerge = false) {
    this.branch = branch;
    this.comparison = comparison;
    this.target = branch.target;
    this.#commit = commit;
    this.#isMerge = isMerge;
  }

  get inWork(): boolean {
    return this.#commit === null;
  }

  item(): TreeItem {
    const { task } = this.branch;
    const commit = this.#commit;
    const item = new TreeItem('', Collapsible.Collapsed);
    item.id = `${this.branch.folder.path}\n${this.target.run}\n${this.target.task}\n${commit?.id ?? 'work'}`;
    item.contextValue = 'commit';
    if (!commit) {
      item.label = l10n.t('In work');
      item.description = l10n.t('not committed · {0}', task.attempts.at(-1)?.agent ?? '');
      item.iconPath = new ThemeIcon('edit');
      item.tooltip = l10n.t('What {0} has changed and not committed yet.', task.attempts.at(-1)?.agent ?? '');
      return item;
    }
    const attempt = task.attempts.find(({ head }) => head === commit.id);
    const { targetBranch } = this.branch.record.state;
    item.label = this.#isMerge ? l10n.t('Merged into {0}', targetBranch) : summaryOf(commit, task.spec.title);
    item.description = [
      shortId(commit.id),
      ...(attempt && task.attempts.length > 1 ? [l10n.t('attempt {0}', attempt.number)] : []),
    ].join(' · ');
    item.iconPath = new ThemeIcon(this.#isMerge ? 'git-merge' : 'git-commit');
    item.tooltip = new MarkdownString()
      .appendMarkdown('**')
      .appendMarkdown(escape(commit.message.split('\n')[0]!))
      .appendMarkdown('**\n\n')
      .appendMarkdown(escapeLines(commit.message.split('\n').slice(1).join('\n').trim()))
      .appendMarkdown(`\n\n\`${commit.id}\`\n\n`)
      .appendMarkdown(escape(`${commit.author}, ${new Date(commit.time * 1000).toLocaleString()}`));
    return item;
  }
}

export class FileNode implements HasTarget {
  readonly kind = 'file';
  readonly commit: CommitNode;
  readonly file: FileChange;
  readonly target: TaskTarget;

  constructor(commit: CommitNode, file: FileChange) {
    this.commit = commit;
    this.file = file;
    this.target = commit.target;
  }

  item(): TreeItem {
    const { path, oldPath } = this.file;
    const folder = dirname(path);
    const counts = countText(this.file);
    const item = new TreeItem(basename(path), Collapsible.None);
    item.description = [folder === '.' ? '' : folder, counts].filter((text) => text !== '').join('  ');
    item.resourceUri = changeUri(this.file);
    item.iconPath = ThemeIcon.File;
    item.contextValue = 'file';
    item.tooltip = oldPath === undefined ? path : l10n.t('{0}, formerly {1}', path, oldPath);
    item.command = { command: COMMANDS.openChange, title: '', arguments: [this] } satisfies Command;
    return item;
  }
}

/** A line that only says something. */
export class MessageNode {
  readonly kind = 'message';
  readonly text: string;
  readonly icon: 'info' | 'warning';

  constructor(text: string, icon: 'info' | 'warning' = 'info') {
    this.text = text;
    this.icon = icon;
  }

  item(): TreeItem {
    const item = new TreeItem(this.text, Collapsible.None);
    item.iconPath = new ThemeIcon(this.icon);
    item.tooltip = this.text;
    return item;
  }
}

/** The engine titles each commit of a task with the task's title; what the agent said is below. */
function summaryOf({ message }: Commit, title: string): string {
  const [subject = '', , said = ''] = message.split('\n');
  return subject === title && said !== '' ? said : subject;
}
