import { z } from 'zod';
import { taskSpecSchema } from '../protocol/schema/task.ts';
import { MAX_TASKS } from '../protocol/task.ts';
import { defineTool } from './tool.ts';

export const proposeTasks = defineTool({
  name: 'propose_tasks',
  description:
    'Proposes the tasks that reach the goal. All come in one call, with the tasks each depends on; cycles, unknown ' +
    'dependencies, unknown roles and ids used twice are refused with what is wrong, and then nothing is added.',
  input: z.strictObject({ tasks: z.array(taskSpecSchema).min(1).max(MAX_TASKS) }),
  async run({ tasks }, context) {
    const { accepted, text } = await context.host.proposeTasks(tasks);
    return { ok: accepted, text };
  },
});

export const askUser = defineTool({
  name: 'ask_user',
  description:
    'Asks the user a question and waits for the answer. Only for what neither the specification nor the code can answer and ' +
    'what would be costly to guess.',
  input: z.strictObject({ question: z.string().min(3).max(4000) }),
  async run({ question }, context) {
    return { ok: true, text: await context.host.askUser(question) };
  },
});
