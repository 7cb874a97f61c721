import { z } from 'zod';
import { BUILD_TARGETS } from '../protocol/task.ts';
import { evidenceText } from './evidence-text.ts';
import { fitResult } from './keep.ts';
import { defineTool } from './tool.ts';

export const buildKernel = defineTool({
  name: 'build_kernel',
  description:
    'Builds your worktree exactly as it will be judged: with make, every warning an error. Returns the errors with file and ' +
    'line, and the end of the build log when it fails.',
  input: z.strictObject({
    target: z
      .enum(BUILD_TARGETS)
      .default('kernel')
      .describe(
        '"kernel" links a kernel, "compile" makes objects only, "headers" checks that headers stand alone.',
      ),
  }),
  async run({ target }, context) {
    const evidence = await context.host.build(target);
    return { ok: evidence.passed, text: await fitResult(evidenceText(evidence), 'build', context) };
  },
});

export const runTest = defineTool({
  name: 'run_test',
  description:
    'Builds your worktree, boots the kernel in QEMU and runs acceptance tests on what it prints to the serial port. Returns ' +
    'which tests passed, the lines that were not seen, and the end of the serial log.',
  input: z.strictObject({
    names: z
      .array(z.string().min(1))
      .max(200)
      .default([])
      .describe('Names from acceptance.toml of the specification. Default: the tests of your task.'),
  }),
  async run({ names }, context) {
    const evidence = await context.host.test(names);
    return { ok: evidence.passed, text: await fitResult(evidenceText(evidence), 'test', context) };
  },
});
