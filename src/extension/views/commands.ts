import { realpath } from 'node:fs/promises';
import { isAbsolute, join, relative } from 'node:path';
import { basename } from 'node:path/posix';
import { env, l10n, Range, Uri, window } from 'vscode';
import { UserError } from '../../protocol/errors.ts';
import type { Evidence, EvidenceFile, Finding } from '../../protocol/evidence.ts';
import type { SessionView } from '../../protocol/run-state.ts';
import { gitDocument } from '../changes/git-documents.ts';
import type { CommandsOf } from '../command.ts';
import { pick, runFor, taskFor } from '../common/pick.ts';
import { targetOf } from '../common/target.ts';
import type { Ctx } from '../ctx.ts';
import type { AutonFolder } from '../folder.ts';
import type { RunRecord } from '../runs/run-record.ts';
import type { FileTarget, FindingTarget } from './evidence-nodes.ts';
import { EVIDENCE_MARKS, ROLE_MARKS } from './marks.ts';
import { showRunDocument } from './run-documents.ts';
import { runsView } from './part.ts';

/** What is done with the elements of the trees. */
export const viewCommands: CommandsOf<
  | 'openSerialLog'
  | 'openBuildLog'
  | 'openFinding'
  | 'openTranscript'
  | 'revealTask'
  | 'refreshRuns'
  | 'copyCommand'
> = {
  openSerialLog: (ctx, argument) => openLog(ctx, argument, ['serial-log']),
  openBuildLog: (ctx, argument) => openLog(ctx, argument, ['build-log', 'output', 'diff']),
  openFinding,
  openTranscript,
  revealTask,
  refreshRuns: async (ctx) => {
    await Promise.all(ctx.folders.all.map((folder) => folder.runs.refresh()));
    for (const folder of ctx.folders.all) void folder.engine.attach();
    runsView()?.refresh();
  },
  copyCommand: async (ctx, argument) => {
    const { evidence } = await evidenceFor(ctx, argument, ({ command }) => (command?.length ?? 0) > 0);
    await env.clipboard.writeText((evidence.command ?? []).map(quoted).join(' '));
    window.setStatusBarMessage(l10n.t('The command is on the clipboard.'), 3000);
  },
};

/** A word of a command as a shell takes it. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** The evidence that is meant, or one of those that fit, newest first. */
async function evidenceFor(
  ctx: Ctx,
  argument: unknown,
  fits: (evidence: Evidence) => boolean,
): Promise<{ folder: AutonFolder; record: RunRecord; task: string | undefined; evidence: Evidence }> {
  const { folder, record } = await runFor(ctx, argument);
  const named = targetOf(argument);
  const { state } = record;
  const all = [
    ...state.evidence.map((evidence) => ({ task: undefined, evidence })),
    ...[...state.tasks].flatMap(([task, view]) => view.evidence.map((evidence) => ({ task, evidence }))),
  ];
  const fitting = all
    .filter(({ evidence, task }) =>
      named?.evidence === undefined
        ? (named?.task === undefined || task === named.task) && fits(evidence)
        : evidence.id === named.evidence,
    )
    .sort((a, b) => b.evidence.startedAt.localeCompare(a.evidence.startedAt));
  if (fitting.length === 0) {
    throw new UserError(
      l10n.t('No build or boot of this run fits.'),
      l10n.t('The view "Builds & Boots" shows what was kept.'),
    );
  }
  const items = fitting.map((value) => ({
    label: EVIDENCE_MARKS[value.evidence.kind].word,
    description: value.task ?? l10n.t('final validation'),
    detail: value.evidence.summary,
    value,
  }));
  return { folder, record, ...(await pick(items, l10n.t('Which one?'))) };
}

async function openLog(ctx: Ctx, argument: unknown, roles: readonly EvidenceFile['role'][]): Promise<void> {
  const fits = ({ role }: EvidenceFile) => roles.includes(role);
  const { folder, record, evidence } = await evidenceFor(ctx, argument, ({ files }) => files.some(fits));
  const named = (targetOf(argument) as Partial<FileTarget> | undefined)?.file;
  const files = evidence.files.filter((file) => (named === undefined ? fits(file) : file.path === named));
  if (files.length === 0) {
    throw new UserError(
      l10n.t('Nothing of that kind was kept.'),
      l10n.t('Unfold the entry in "Builds & Boots" to see its files.'),
    );
  }
  const items = files.map(({ path }) => ({ label: basename(path), value: path }));
  const path = await pick(items, l10n.t('Which file?'));
  await showRunDocument({ folder: folder.path, run: record.id, path });
}

async function openFinding(ctx: Ctx, argument: unknown): Promise<void> {
  const { record, task, evidence } = await evidenceFor(ctx, argument, ({ findings }) => findings.length > 0);
  const finding = evidence.findings[(targetOf(argument) as Partial<FindingTarget> | undefined)?.finding ?? 0];
  if (finding?.file === undefined) {
    throw new UserError(l10n.t('This finding names no file.'), l10n.t('Its build log says more.'));
  }
  const uri = await fileOf(record, task, evidence, finding.file);
  const line = Math.max(0, (finding.line ?? 1) - 1);
  const column = Math.max(0, (finding.column ?? 1) - 1);
  await window.showTextDocument(uri, { selection: new Range(line, column, line, column), preview: true });
}

/** The file where its agent works on it, else as it was when it was judged. */
async function fileOf(
  { state }: RunRecord,
  task: string | undefined,
  { tree }: Evidence,
  file: NonNullable<Finding['file']>,
): Promise<Uri> {
  const worktree = task === undefined ? undefined : state.tasks.get(task)?.attempts.at(-1)?.worktree;
  for (const top of worktree === undefined ? [] : [worktree]) {
    const found = await inside(top, file);
    if (found !== null) return Uri.file(found);
  }
  if (tree !== undefined) return gitDocument(state.workspace, tree, file);
  const found = await inside(state.workspace, file);
  if (found !== null) return Uri.file(found);
  throw new UserError(
    l10n.t('The file {0} is not there any more.', file),
    l10n.t('Its branch may have it: see the view "Changes".'),
  );
}

/** The real path of a file below a folder; null when there is none, or a link leads out. */
async function inside(folder: string, file: string): Promise<string | null> {
  try {
    const top = await realpath(folder);
    const path = await realpath(join(top, file));
    const way = relative(top, path);
    return way.startsWith('..') || isAbsolute(way) ? null : path;
  } catch {
    return null;
  }
}

async function openTranscript(ctx: Ctx, argument: unknown): Promise<void> {
  const { folder, record } = await runFor(ctx, argument);
  const named = targetOf(argument);
  const { state } = record;
  const current = named?.agent === undefined ? null : state.agents.get(named.agent)?.session;
  const sessions = [...state.sessions.values()]
    .filter(
      ({ id, task, agent }) =>
        (named?.task === undefined || task === named.task) &&
        (named?.agent === undefined || agent === named.agent) &&
        (!current || id === current),
    )
    .reverse();
  if (sessions.length === 0) {
    throw new UserError(
      l10n.t('Nobody has worked on this yet.'),
      l10n.t('Transcripts are written as agents work.'),
    );
  }
  const items = sessions.map((value) => ({
    label: value.id,
    description: [value.agent, ROLE_MARKS[value.role].word].join(' · '),
    detail: turnsText(value),
    value,
  }));
  const { transcript } = await pick(items, l10n.t('Which conversation?'));
  await showRunDocument({ folder: folder.path, run: record.id, path: transcript });
}

function turnsText({ turns }: SessionView): string {
  return turns === 1 ? l10n.t('1 answer') : l10n.t('{0} answers', turns);
}

async function revealTask(ctx: Ctx, argument: unknown): Promise<void> {
  const named = targetOf(argument);
  const { folder, record } = await runFor(ctx, argument);
  const working = named?.agent === undefined ? null : record.state.agents.get(named.agent)?.task;
  const meant = named && working ? { ...named, task: working } : argument;
  const { task } = await taskFor(ctx, meant, l10n.t('Which task?'));
  await runsView()?.revealTask(folder, record.id, task.spec.id);
}
