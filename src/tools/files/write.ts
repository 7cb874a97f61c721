import { z } from 'zod';
import { worktreePlace } from '../paths.ts';
import { defineTool } from '../tool.ts';
import { writeText } from './text.ts';

export const writeFile = defineTool({
  name: 'write_file',
  description:
    'Creates a file of your worktree or replaces it whole, with the folders it needs. Use edit_file to change a part of an ' +
    'existing file. At most 1 MB.',
  input: z.strictObject({
    path: z.string().min(1).describe('Relative to the root of your worktree.'),
    content: z.string().describe('The whole file, as it shall be.'),
  }),
  async run({ path, content }, context) {
    const place = await worktreePlace(path, context);
    await writeText(place, content);
    const lines = content.split('\n').length - (content.endsWith('\n') ? 1 : 0);
    return { ok: true, text: `Wrote ${place.shown}: ${lines} lines, ${Buffer.byteLength(content)} bytes.` };
  },
});
