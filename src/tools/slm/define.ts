import type { z } from 'zod';
import { defineTool, type Tool } from '../tool.ts';

/** A tool that the engine carries out with what src/slm has: here are its description and its input only. */
export function slmTool(name: string, description: string, input: z.ZodType): Tool {
  return defineTool({
    name,
    description,
    input,
    async run(checked, context) {
      if (context.host.slm) return context.host.slm(name, checked, context);
      return {
        ok: false,
        text: `This run makes no model, so ${name} has nothing to work with. Do not try again; say in your summary what is missing.`,
      };
    },
  });
}
