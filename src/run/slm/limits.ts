import type { Config, ModelSize } from '../../protocol/config.ts';
import { sizeInName } from '../../validation/slm/tiers.ts';

/** PyTorch reserves several times the memory that it uses, and the limit is on what is reserved. */
const PYTORCH_MEMORY_MB = 16_384;
/**
 * Bytes that a training takes for each parameter: 4 and two moments of 4 in what it goes on from, 4 in its best
 * checkpoint, and as much again for what is made of that.
 */
const BYTES_OF_A_PARAMETER = 24;

/** The limits of a command in the sandbox: those of `[sandbox]`, and in a run that makes a model what that takes. */
export function sandboxLimits(
  { sandbox, workflow }: Config,
  { trainings, modelSize }: { trainings: number; modelSize: ModelSize },
): Config['sandbox'] {
  if (workflow.mode === 'kernel_build') return sandbox;
  const parameters = sizeInName(modelSize)!;
  return {
    ...sandbox,
    memory_mb: Math.max(sandbox.memory_mb, PYTORCH_MEMORY_MB),
    max_file_mb: sandbox.max_file_mb + Math.ceil((trainings * parameters * BYTES_OF_A_PARAMETER) / 2 ** 20),
  };
}
