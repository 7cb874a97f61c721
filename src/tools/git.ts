import { z } from 'zod';
import { fitResult } from './keep.ts';
import { defineTool } from './tool.ts';

export const gitDiff = defineTool({
  name: 'git_diff',
  description:
    'Shows what your worktree changes against the commit that your task started from, as a unified diff.',
  input: z.strictObject({}),
  async run(_input, context) {
    const diff = await context.host.diff();
    return { ok: true, text: diff === '' ? 'No changes.' : await fitResult(diff, 'diff', context) };
  },
});

export const gitCommit = defineTool({
  name: 'git_commit',
  description:
    'Commits everything in your worktree to your own branch. What is not committed at the end of your work is committed for ' +
    'you; commit yourself where a step is complete. Git itself is read-only for you.',
  input: z.strictObject({
    message: z.string().min(3).max(5000).describe('A subject in the imperative, then why.'),
  }),
  async run({ message }, context) {
    const sha = await context.host.commit(message);
    return { ok: true, text: sha === null ? 'Nothing to commit.' : `Committed ${sha.slice(0, 12)}.` };
  },
});
