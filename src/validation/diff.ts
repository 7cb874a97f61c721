import { matchesGlob } from 'node:path';
import type { Change } from '../protocol/change.ts';
import type { AcceptanceTest, Evidence, Finding } from '../protocol/evidence.ts';
import { forgedMarkers } from './forged-markers.ts';
import { hostedHeaders, weakenedChecks } from './source-rules.ts';

export interface DiffOptions {
  /** Globs of the files the task owns. */
  scope: readonly string[];
  /** Markers that only self-tests may print are recognised by these. */
  tests?: readonly AcceptanceTest[];
  maxFileBytes?: number;
  /** Globs of files that may be binary, and larger than others: what a model is exported to. */
  binary?: { files: readonly string[]; maxBytes: number };
  maxFiles?: number;
  maxAddedLines?: number;
  tree?: string;
}

/** What decides about other tasks' work: a task owns it only if its scope names the file itself. */
const BUILD_FILES = ['Makefile', 'GNUmakefile', 'makefile'];
/** No task owns these: they are git's and the judge's own. */
const FORBIDDEN = [
  '.git/**',
  '.gitattributes',
  '.gitmodules',
  '.auton/**',
  '**/acceptance.toml',
  'kernel_spec/**',
];
/** Programs of the build itself, which run on the host and may use its C library. */
const HOST_PROGRAMS = ['tools/**'];

/** Judges what a task changed, file by file, without looking at anything but the change. Pure but for clock and id. */
export function validateDiff(changes: readonly Change[], options: DiffOptions): Evidence {
  const startedAt = new Date();
  const findings = judgeChanges(changes, options);
  const passed = findings.every(({ severity }) => severity !== 'error');
  const lines = changes.reduce((sum, change) => sum + change.addedLines.length, 0);
  const first = findings.find(({ severity }) => severity === 'error');
  return {
    id: `diff-${crypto.randomUUID().slice(0, 8)}`,
    kind: 'diff',
    passed,
    summary: passed
      ? `${count(changes.length, 'file')} changed, ${count(lines, 'line')} added, all within the task's scope.`
      : `The change is not acceptable: ${first?.file ? `${first.file}: ` : ''}${first?.message ?? ''}`,
    ...(options.tree === undefined ? {} : { tree: options.tree }),
    startedAt: startedAt.toISOString(),
    durationMs: Date.now() - startedAt.getTime(),
    findings,
    tests: [],
    files: [],
  };
}

/** Everything that is wrong with a set of changes. */
export function judgeChanges(changes: readonly Change[], options: DiffOptions): Finding[] {
  const { maxFiles = 400, maxAddedLines = 40_000 } = options;
  if (changes.length === 0) return [error('Nothing was changed.')];
  const findings: Finding[] = [];
  if (changes.length > maxFiles)
    findings.push(error(`${changes.length} files were changed, at most ${maxFiles} may be.`));
  const lines = changes.reduce((sum, change) => sum + change.addedLines.length, 0);
  if (lines > maxAddedLines)
    findings.push(error(`${lines} lines were added, at most ${maxAddedLines} may be.`));
  const ownHeaders = new Set(changes.filter(({ path }) => path.endsWith('.h')).map(({ path }) => path));
  for (const change of changes) {
    const ownership = ownershipProblem(change, options.scope);
    if (ownership) findings.push(ownership);
    const kind = fileProblem(change, options);
    if (kind) {
      findings.push(kind);
      continue;
    }
    if (change.binary) continue;
    findings.push(...conflictMarkers(change), ...weakenedChecks(change));
    if (!matchesAny(change.path, HOST_PROGRAMS)) findings.push(...hostedHeaders(change, ownHeaders));
    findings.push(...forgedMarkers(change, options.tests ?? []));
  }
  return findings;
}

function ownershipProblem(change: Change, scope: readonly string[]): Finding | undefined {
  for (const path of [change.path, ...(change.oldPath === undefined ? [] : [change.oldPath])]) {
    if (path.startsWith('/') || path.split('/').includes('..'))
      return error('The path leaves the workspace.', path);
    if (matchesAny(path, FORBIDDEN)) return error('No task may change this file.', path);
    if (BUILD_FILES.includes(path) && !scope.includes(path)) {
      return error(`Only a task whose scope names ${path} itself may change it.`, path);
    }
    if (!matchesAny(path, scope)) return error(`Outside the task's scope (${scope.join(', ')}).`, path);
  }
  return undefined;
}

function fileProblem(change: Change, { binary, maxFileBytes = 1 << 20 }: DiffOptions): Finding | undefined {
  const { path, mode } = change;
  const mayBeBinary = binary !== undefined && matchesAny(path, binary.files);
  const maxBytes = mayBeBinary ? binary.maxBytes : maxFileBytes;
  if (change.status === 'deleted') return undefined;
  if (mode === '120000') return error('A symbolic link; add the file itself.', path);
  if (mode === '160000') return error('A submodule; a kernel stands alone.', path);
  if (mode !== '100644' && mode !== '100755') return error(`A file of the unknown kind ${mode}.`, path);
  if (change.binary && !mayBeBinary) return error('A binary file; everything is built from source.', path);
  if (change.bytes > maxBytes) return error(`${change.bytes} bytes; a file may have ${maxBytes}.`, path);
  return undefined;
}

function conflictMarkers(change: Change): Finding[] {
  return change.addedLines
    .filter(({ text }) => /^(?:<{7}|\|{7}|>{7})(?: |$)|^={7}$/.test(text.trimEnd()))
    .map(({ line }) => ({ ...error('A conflict marker was left in.', change.path), line }));
}

function matchesAny(path: string, globs: readonly string[]): boolean {
  return globs.some((glob) => matchesGlob(path, glob));
}

function error(message: string, file?: string): Finding {
  return { severity: 'error', message, ...(file === undefined ? {} : { file }) };
}

function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`;
}
