import { z } from 'zod';
import { worktreePlace } from '../paths.ts';
import { defineTool } from '../tool.ts';
import { ToolError } from '../tool-error.ts';
import { nearestPlace } from './nearest.ts';
import { numbered, readText, writeText } from './text.ts';

export const editFile = defineTool({
  name: 'edit_file',
  description:
    'Replaces text in a file of your worktree. old_text must be in the file exactly as given, white space included and ' +
    'without line numbers, and only once unless replace_all is true: give enough lines around it to make it unique.',
  input: z.strictObject({
    path: z.string().min(1).describe('Relative to the root of your worktree.'),
    old_text: z.string().min(1).describe('The exact text to replace.'),
    new_text: z.string().describe('What comes in its place; empty to remove it.'),
    replace_all: z.boolean().default(false).describe('Replace every occurrence.'),
  }),
  async run({ path, old_text: oldText, new_text: newText, replace_all: replaceAll }, context) {
    const place = await worktreePlace(path, context);
    const { text, lossy } = await readText(place);
    if (lossy) throw new ToolError(`${place.shown} is not UTF-8; edit_file would damage it. Use shell.`);
    if (oldText === newText) throw new ToolError('old_text and new_text are the same.');
    const found = occurrences(text, oldText);
    if (found.length === 0) throw new ToolError(missing(place.shown, text, oldText));
    if (found.length > 1 && !replaceAll) {
      const lines = found.slice(0, 10).map((offset) => lineAt(text, offset));
      throw new ToolError(
        `old_text is ${found.length} times in ${place.shown}, at lines ${lines.join(', ')}. Give more lines around the one ` +
          'you mean, or set replace_all.',
      );
    }
    const changed = text.split(oldText).join(newText);
    await writeText(place, changed);
    const first = lineAt(text, found[0]!);
    const after = changed.split('\n').slice(Math.max(0, first - 3), first + newText.split('\n').length + 2);
    const count = found.length === 1 ? '1 place' : `${found.length} places`;
    return {
      ok: true,
      text: `Changed ${count} in ${place.shown}. Around the first:\n${numbered(after.slice(0, 40), Math.max(1, first - 2))}`,
    };
  },
});

/** Offsets of all occurrences that do not overlap. */
function occurrences(text: string, part: string): number[] {
  const found: number[] = [];
  for (let at = text.indexOf(part); at !== -1; at = text.indexOf(part, at + part.length)) found.push(at);
  return found;
}

function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

function missing(shown: string, text: string, oldText: string): string {
  const near = nearestPlace(text.split('\n'), oldText.split('\n'));
  if (!near) return `old_text is not in ${shown}, nor anything like it. Read the file first.`;
  const reason = near.onlyWhiteSpace ? 'It differs only in white space from' : 'The nearest is';
  return `old_text is not in ${shown}. ${reason} line ${near.line}:\n${numbered(near.lines, near.line)}`;
}
