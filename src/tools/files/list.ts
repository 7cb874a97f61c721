import { lstat, readdir } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { worktreePlace } from '../paths.ts';
import { defineTool } from '../tool.ts';
import { fileError } from '../tool-error.ts';

const MAX_ENTRIES = 1000;

export const listFiles = defineTool({
  name: 'list_files',
  description:
    'Lists a folder of your worktree and what is below it: one path a line, folders with a trailing slash, files with their ' +
    'size. Use search_code to find files by what is in them.',
  input: z.strictObject({
    path: z.string().min(1).default('.').describe('Relative to the root of your worktree.'),
    depth: z.int().min(1).max(20).default(4).describe('How many levels to show.'),
  }),
  async run(input, context) {
    const place = await worktreePlace(input.path, context);
    const lines: string[] = [];
    await addEntries(place.path, place.root, input.depth, lines).catch((error: unknown) => {
      throw fileError(error, place.shown);
    });
    if (lines.length === 0) return { ok: true, text: `${place.shown} is empty.` };
    const cut =
      lines.length > MAX_ENTRIES ? [`[... more than ${MAX_ENTRIES} entries: list a folder of it]`] : [];
    return { ok: true, text: [...lines.slice(0, MAX_ENTRIES), ...cut].join('\n') };
  },
});

async function addEntries(folder: string, root: string, depth: number, lines: string[]): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true });
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    if (lines.length > MAX_ENTRIES) return;
    if (entry.name.toLowerCase() === '.git') continue;
    const target = path.join(folder, entry.name);
    const shown = path.relative(root, target);
    if (entry.isDirectory()) {
      lines.push(`${shown}/`);
      if (depth > 1) await addEntries(target, root, depth - 1, lines);
    } else {
      lines.push(`${shown}  ${entry.isFile() ? `${(await lstat(target)).size} bytes` : kind(entry)}`);
    }
  }
}

function kind(entry: { isSymbolicLink(): boolean }): string {
  return entry.isSymbolicLink() ? 'symbolic link' : 'special file';
}
