import type { Tool } from '../tool.ts';
import { ARCHITECTURE_TOOLS } from './architecture.ts';
import { DATA_TOOLS } from './data.ts';
import { EXPORT_TOOLS } from './export.ts';
import { SLM_KERNEL_TOOLS } from './kernel.ts';
import { TRAINING_TOOLS } from './training.ts';

/** Every tool that makes a model or puts one into a kernel. */
export const SLM_TOOLS: Tool[] = [
  ...DATA_TOOLS,
  ...ARCHITECTURE_TOOLS,
  ...TRAINING_TOOLS,
  ...EXPORT_TOOLS,
  ...SLM_KERNEL_TOOLS,
];
