import { z } from 'zod';
import { EDITOR_MODEL_FAILURES } from '../editor-models.ts';

const tokens = z.number().int().nonnegative();

/** What an editor answers to `model/complete`. */
export const editorModelAnswerSchema = z.object({
  content: z.array(
    z.discriminatedUnion('type', [
      z.object({ type: z.literal('text'), text: z.string() }),
      z.object({
        type: z.literal('tool_call'),
        id: z.string().min(1),
        name: z.string().min(1),
        input: z.unknown(),
      }),
    ]),
  ),
  model: z.string(),
  usage: z.object({ inputTokens: tokens, outputTokens: tokens }).optional(),
  stop: z.enum(['end', 'tool_calls', 'max_tokens', 'refusal']).optional(),
});

export const editorModelDeltaSchema = z.object({ id: z.string(), text: z.string() });

export const editorModelErrorSchema = z.object({ kind: z.enum(EDITOR_MODEL_FAILURES) });
