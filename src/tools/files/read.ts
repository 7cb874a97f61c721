import { z } from 'zod';
import { cutMiddle } from '../output.ts';
import { OUTPUT_ALIAS, readablePlace } from '../paths.ts';
import { defineTool } from '../tool.ts';
import { ToolError } from '../tool-error.ts';
import { numbered, readText } from './text.ts';

const MAX_LINES = 2000;
const MAX_LINE_CHARACTERS = 2000;
const MAX_CHARACTERS = 64_000;

export const readFile = defineTool({
  name: 'read_file',
  description:
    'Reads a text file of your worktree. Returns its lines with their numbers; the numbers and the tab after them are not ' +
    `part of the file. Shows at most ${MAX_LINES} lines: give first_line and last_line for a part of a longer file. ` +
    `Also reads the full output of a command by the name that its result gives ("${OUTPUT_ALIAS}/...").`,
  input: z.strictObject({
    path: z.string().min(1).describe('Relative to the root of your worktree, e.g. "mm/pmm.c".'),
    first_line: z.int().min(1).optional().describe('From 1. Default: 1.'),
    last_line: z.int().min(1).optional().describe('Inclusive. Default: the last.'),
  }),
  async run(input, context) {
    const place = await readablePlace(input.path, context);
    const { text, lossy } = await readText(place);
    if (text === '') return { ok: true, text: `${place.shown} is empty.` };
    const lines = text.split('\n');
    if (lines.at(-1) === '') lines.pop();
    const first = input.first_line ?? 1;
    if (first > lines.length) throw new ToolError(`${place.shown} has ${lines.length} lines.`);
    const last = Math.min(input.last_line ?? lines.length, lines.length, first + MAX_LINES - 1);
    if (last < first) throw new ToolError('last_line comes before first_line.');
    const shown = lines.slice(first - 1, last).map(shortened);
    const notes = [
      `${place.shown}, lines ${first} to ${last} of ${lines.length}`,
      ...(lossy ? ['not UTF-8: replaced bytes show as \uFFFD'] : []),
    ];
    return { ok: true, text: `[${notes.join('; ')}]\n${cutMiddle(numbered(shown, first), MAX_CHARACTERS)}` };
  },
});

function shortened(line: string): string {
  if (line.length <= MAX_LINE_CHARACTERS) return line;
  return `${line.slice(0, MAX_LINE_CHARACTERS)} [... ${line.length - MAX_LINE_CHARACTERS} more characters]`;
}
