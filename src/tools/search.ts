import { stat } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { fitOutput, newKeptFile } from './keep.ts';
import { readablePlace } from './paths.ts';
import { outcome } from './shell.ts';
import { defineTool } from './tool.ts';
import { fileError, ToolError } from './tool-error.ts';

const TIMEOUT_MS = 20_000;
const MAX_LINE_CHARACTERS = 400;

/**
 * ripgrep without any configuration file; its regular expressions take time linear in the text. Where it is missing,
 * `git grep`. Both see the same arguments: pattern, glob (perhaps empty), case option, place.
 */
const SEARCH = `
if command -v rg >/dev/null; then
  exec rg --no-config --line-number --no-heading --with-filename --color never --sort path --hidden --glob '!.git' \\
    --max-columns ${MAX_LINE_CHARACTERS} --max-columns-preview \${2:+--glob "$2"} $3 --regexp "$1" -- "$4"
fi
place=$4
[[ -n $2 && $4 == . ]] && place=":(glob)**/$2"
[[ -n $2 && $4 != . ]] && place=":(glob)$4/**/$2"
exec git grep --no-index --exclude-standard -n -I -E --color=never $3 -e "$1" -- "$place"`;

export const searchCode = defineTool({
  name: 'search_code',
  description:
    'Searches the files of your worktree for a regular expression (Rust syntax: no look-around, no back-references) and ' +
    'returns path:line:text for each line that matches. Files that .gitignore names and binary files are left out.',
  input: z.strictObject({
    pattern: z.string().min(1).max(2000).describe('For example "pmm_alloc\\\\(" or "struct \\\\w+_ops".'),
    path: z.string().min(1).default('.').describe('A folder or file of your worktree, or "@output/...".'),
    glob: z.string().min(1).optional().describe('Only files whose name matches, e.g. "*.h".'),
    ignore_case: z.boolean().default(false),
    max_results: z.int().min(1).max(1000).default(200),
  }),
  async run(input, context) {
    const place = await readablePlace(input.path, context);
    await stat(place.path).catch((error: unknown) => {
      throw fileError(error, place.shown);
    });
    const target = path.relative(place.root, place.path) || '.';
    const file = newKeptFile('search', context);
    const result = await context.sandbox.run({
      argv: [
        'bash',
        '-c',
        SEARCH,
        'search',
        input.pattern,
        input.glob ?? '',
        input.ignore_case ? '-i' : '',
        target,
      ],
      cwd: place.root,
      writable: [],
      readable: [place.root],
      timeoutMs: Math.min(TIMEOUT_MS, context.commandTimeoutMs),
      signal: context.signal,
      outputFile: file.path,
    });
    const output = await fitOutput(result, file);
    // Both programs end with 1 when nothing matches and with 2 or more for a bad pattern.
    if (result.exitCode === 1) return { ok: true, text: `Nothing in ${place.shown} matches.` };
    if (result.exitCode !== 0) throw new ToolError(`${outcome(result, TIMEOUT_MS)}\n${output}`);
    return { ok: true, text: firstResults(output.replaceAll(/^\.\//gm, ''), input.max_results) };
  },
});

function firstResults(output: string, max: number): string {
  const lines = output.trimEnd().split('\n');
  if (lines.length <= max) return lines.join('\n');
  return `${lines.slice(0, max).join('\n')}\n[... more results: narrow the search by path or glob, or raise max_results]`;
}
