import type { Change } from '../protocol/change.ts';
import { treeOf, type Repository } from './repository.ts';
import type { LeftOut } from './pending.ts';

const STATUS: Record<string, Change['status']> = {
  A: 'added',
  C: 'added',
  D: 'deleted',
  M: 'modified',
  R: 'renamed',
  T: 'type_changed',
};

/** The unified diff between two commits or trees. */
export async function diffTrees(repository: Repository, base: string, head: string): Promise<string> {
  const [before, after] = await Promise.all([base, head].map((name) => treeOf(repository, name)));
  return (await repository.diffs.unified(before!, after!)).replace(/\n$/, '');
}

/** The files that differ between two commits or trees; what was left out of `head` counts as added. */
export async function changesBetween(
  repository: Repository,
  base: string,
  head: string,
  leftOut: LeftOut[] = [],
): Promise<Change[]> {
  const [before, after] = await Promise.all([base, head].map((name) => treeOf(repository, name)));
  const { files, patch } = parseRaw(await repository.diffs.raw(before!, after!));
  addLines(files, patch);
  await addSizes(repository, files);
  return [
    ...files.map((file) => file.change),
    ...leftOut.map(({ path, reason, bytes }): Change => ({
      status: 'added',
      path,
      mode: reason === 'repository' ? '160000' : '100644',
      bytes,
      binary: true,
      addedLines: [],
    })),
  ];
}

interface RawFile {
  change: Change;
  blob: string;
}

/** Records `:<mode> <mode> <id> <id> <status>\0<path>\0[<path>\0]`, an empty one, then the patch. */
function parseRaw(text: string): { files: RawFile[]; patch: string } {
  const files: RawFile[] = [];
  let at = 0;
  const field = () => {
    const end = text.indexOf('\0', at);
    const value = text.slice(at, end);
    at = end + 1;
    return value;
  };
  while (text[at] === ':') {
    const [, mode = '', , blob = '', letter = ''] = field().slice(1).split(' ');
    const status = STATUS[letter[0] ?? ''];
    if (!status) throw new Error(`git diff-tree reported an unknown status: ${letter}`);
    const first = field();
    const moved = letter.startsWith('R') || letter.startsWith('C');
    const change: Change = {
      status,
      path: moved ? field() : first,
      ...(status === 'renamed' ? { oldPath: first } : {}),
      mode,
      bytes: 0,
      binary: false,
      addedLines: [],
    };
    files.push({ change, blob });
  }
  return { files, patch: text.slice(at).replace(/^\0/, '') };
}

/** Reads the patch: one `diff --git` section a file in the order of `files`, two where the type changed. */
function addLines(files: RawFile[], patch: string): void {
  const owners = files.flatMap(({ change }) =>
    change.status === 'type_changed' ? [change, change] : [change],
  );
  let section = -1;
  let next = 0;
  for (const line of patch.split('\n')) {
    // A line of a file's content always has a sign before it.
    if (line.startsWith('diff --git ')) {
      section += 1;
      next = 0;
      continue;
    }
    const change = owners[section];
    if (!change) continue;
    const hunk = /^@@ -\S+ \+(\d+)/.exec(line);
    if (hunk) next = Number(hunk[1]);
    else if (next > 0 && line.startsWith('+')) {
      change.addedLines.push({ line: next, text: line.slice(1) });
      next += 1;
    } else if (next === 0 && line.startsWith('Binary files ')) change.binary = true;
  }
  for (const change of owners) {
    // An attribute can make git show a binary file as text.
    if (change.addedLines.some(({ text }) => text.includes('\0'))) change.binary = true;
    if (change.binary) change.addedLines = [];
  }
}

async function addSizes(repository: Repository, files: RawFile[]): Promise<void> {
  const present = files.filter(({ change }) => change.mode !== '000000' && change.mode !== '160000');
  await Promise.all(
    present.map(async ({ change, blob }) => {
      change.bytes = (await repository.objects.find(blob))?.bytes ?? 0;
    }),
  );
}
