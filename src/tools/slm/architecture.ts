import { z } from 'zod';
import { slmTool } from './define.ts';
import { configuration } from './names.ts';

export const validateArchitectureInput = z.strictObject(configuration);
export const estimateFlopsInput = z.strictObject({
  ...configuration,
  flops_per_second: z
    .number()
    .positive()
    .optional()
    .describe(
      'What the machine computes, for an estimate of the time. Default: measured here by a matrix product.',
    ),
});

export const ARCHITECTURE_TOOLS = [
  slmTool(
    'validate_architecture',
    'Checks a configuration as training and the kernel will: shapes that divide, rows that can be quantised, the size that ' +
      'its name says, and the memory that it needs in the kernel of each architecture, in each precision.',
    validateArchitectureInput,
  ),
  slmTool(
    'estimate_flops',
    'Estimates what training and answering with a configuration cost: floating-point operations of a token, a step and the ' +
      'whole training, and the time that takes on this machine.',
    estimateFlopsInput,
  ),
];
