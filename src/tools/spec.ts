import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { readText } from './files/text.ts';
import { fitResult } from './keep.ts';
import { resolveWithin } from './paths.ts';
import { defineTool, type ToolContext } from './tool.ts';
import { fileError, ToolError } from './tool-error.ts';

export const readSpec = defineTool({
  name: 'read_spec',
  description:
    'Reads the specification of the kernel: what each subsystem and architecture must do. Without a name it lists the files ' +
    'there are, with their titles. Long files come cut in the middle; first_line and last_line show a part.',
  input: z.strictObject({
    name: z.string().min(1).optional().describe('A name of the list, e.g. "subsystems/mm.md".'),
    first_line: z.int().min(1).optional(),
    last_line: z.int().min(1).optional(),
  }),
  async run(input, context) {
    if (input.name === undefined) return { ok: true, text: await listSpec(context) };
    const { text } = await readSpecFile(input.name, context).catch(async (error: unknown) => {
      if (!(error instanceof ToolError)) throw error;
      throw new ToolError(`${error.message} The specification has:\n${await listSpec(context)}`);
    });
    const lines = text.split('\n').slice((input.first_line ?? 1) - 1, input.last_line);
    return { ok: true, text: await fitResult(lines.join('\n'), 'spec', context) };
  },
});

/** "mm" is "mm.md": that is how the chapters name each other. */
async function readSpecFile(name: string, context: ToolContext): Promise<{ text: string }> {
  const file = path.extname(name) === '' ? `${name}.md` : name;
  return readText(await resolveWithin(context.specFolder, file, name));
}

async function listSpec(context: ToolContext): Promise<string> {
  const entries = await readdir(context.specFolder, { recursive: true, withFileTypes: true }).catch(
    (error: unknown) => {
      throw fileError(error, 'The specification');
    },
  );
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
  const lines = await Promise.all(
    files.toSorted().map(async (file) => {
      const name = path.relative(context.specFolder, file);
      const { text } = await readSpecFile(name, context);
      const title = /^#+\s*(.+)$/m.exec(text)?.[1] ?? '';
      return `${name}  ${title}  (${text.split('\n').length} lines)`;
    }),
  );
  return lines.join('\n') || 'The specification has no files.';
}
