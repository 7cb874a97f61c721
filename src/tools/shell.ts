import { z } from 'zod';
import { fitOutput, newKeptFile } from './keep.ts';
import { worktreePlace } from './paths.ts';
import type { SandboxResult } from './sandbox.ts';
import { defineTool } from './tool.ts';

/** The kernel takes no longer argument. */
const MAX_COMMAND_CHARACTERS = 100_000;

export const shell = defineTool({
  name: 'shell',
  description:
    'Runs a bash command in your worktree, in a sandbox: no network, no other files than the worktree, the toolchains and ' +
    'an empty /tmp that is gone afterwards; .git is read-only; nothing goes on running when the command ends. Returns the ' +
    'exit code and the output of both streams, cut in the middle when long. Use build_kernel and run_test to build and test.',
  input: z.strictObject({
    command: z
      .string()
      .min(1)
      .max(MAX_COMMAND_CHARACTERS)
      .refine((text) => !text.includes('\0'), 'a command cannot hold a NUL character')
      .describe('For bash -c.'),
    folder: z.string().min(1).default('.').describe('Where it runs, relative to the root of your worktree.'),
    timeout_seconds: z.number().positive().optional().describe('Shorter than the configured limit.'),
  }),
  async run({ command, folder, timeout_seconds: seconds }, context) {
    const place = await worktreePlace(folder, context);
    const timeoutMs = Math.min(context.commandTimeoutMs, (seconds ?? Infinity) * 1000);
    const file = newKeptFile('shell', context);
    const result = await context.sandbox.run({
      argv: ['bash', '-c', command],
      cwd: place.path,
      writable: [context.worktree],
      timeoutMs,
      signal: context.signal,
      outputFile: file.path,
    });
    const output = await fitOutput(result, file);
    const lines = [
      outcome(result, timeoutMs),
      ...(result.notes ?? []),
      ...(output ? [output] : ['(no output)']),
    ];
    return { ok: result.exitCode === 0, text: lines.join('\n') };
  },
});

/** How a command ended, in words. */
export function outcome(result: SandboxResult, timeoutMs: number): string {
  if (result.timedOut) return `Ended by the time-out of ${timeoutMs / 1000} s.`;
  if (result.exitCode === null) return 'Ended before it was done.';
  return `Exit code ${result.exitCode}${signalHint(result.exitCode)}.`;
}

const SIGNAL_HINTS: Record<number, string> = {
  134: ' (aborted)',
  137: ' (killed; perhaps out of memory)',
  139: ' (segmentation fault)',
  153: ' (a file grew beyond the size limit)',
};

function signalHint(exitCode: number): string {
  return SIGNAL_HINTS[exitCode] ?? '';
}
