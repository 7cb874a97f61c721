import { z } from 'zod';
import { editFile } from './files/edit.ts';
import { listFiles } from './files/list.ts';
import { readFile } from './files/read.ts';
import { writeFile } from './files/write.ts';
import { gitCommit, gitDiff } from './git.ts';
import { buildKernel, runTest } from './kernel.ts';
import { askUser, proposeTasks } from './planning.ts';
import { submitReview } from './review.ts';
import { searchCode } from './search.ts';
import { shell } from './shell.ts';
import { SLM_TOOLS } from './slm/index.ts';
import { readSpec } from './spec.ts';
import type { Tool, ToolContext, ToolResult } from './tool.ts';
import { modelMessage } from './tool-error.ts';

/** Every tool there is. Which role has which is the roles table's business. */
export const TOOLS: Readonly<Record<string, Tool>> = Object.fromEntries(
  [
    readFile,
    writeFile,
    editFile,
    listFiles,
    searchCode,
    readSpec,
    gitDiff,
    gitCommit,
    buildKernel,
    runTest,
    shell,
    proposeTasks,
    submitReview,
    askUser,
    ...SLM_TOOLS,
  ].map((tool) => [tool.name, tool]),
);

/** A tool as a model is told about it; the shape that `src/models` takes. */
export interface ToolDefinition {
  name: string;
  description: string;
  /** JSON Schema of the arguments, an object type. */
  inputSchema: Record<string, unknown>;
}

/** The definitions of these tools, in this order. A name that is no tool is a defect of the roles table. */
export function toolDefinitions(names: readonly string[]): ToolDefinition[] {
  return names.map((name) => {
    const tool = findTool(name);
    if (!tool) throw new Error(`There is no tool ${name}.`);
    return definitionOf(tool);
  });
}

/** Every call to a model needs them, and they never change. */
const definitions = new Map<Tool, ToolDefinition>();

function definitionOf(tool: Tool): ToolDefinition {
  const known = definitions.get(tool);
  if (known) return known;
  const { $schema: _, ...inputSchema } = z.toJSONSchema(tool.input, { io: 'input' });
  const definition = { name: tool.name, description: tool.description, inputSchema };
  definitions.set(tool, definition);
  return definition;
}

/** A call as a model made it; `malformed` is the raw text of arguments that were not JSON. */
export interface ToolCall {
  name: string;
  input: unknown;
  malformed?: string | undefined;
}

/**
 * Runs a tool for an agent that may use `allowed`. Whatever is wrong with the call comes back as a result the model can
 * act on; rejects only with the reason of the context's signal.
 */
export async function runTool(
  call: ToolCall,
  context: ToolContext,
  allowed: readonly string[],
): Promise<ToolResult> {
  context.signal.throwIfAborted();
  const tool = findTool(call.name);
  if (!tool) return failure(`There is no tool "${call.name}". Your tools: ${allowed.join(', ')}.`);
  if (!allowed.includes(call.name)) {
    return failure(`${call.name} is not a tool of your role. Your tools: ${allowed.join(', ')}.`);
  }
  if (call.malformed !== undefined) return failure(malformedMessage(call.malformed));
  const input = tool.input.safeParse(call.input);
  if (!input.success) {
    return failure(`The arguments of ${call.name} do not fit its schema:\n${z.prettifyError(input.error)}`);
  }
  try {
    return await tool.run(input.data, context);
  } catch (error) {
    context.signal.throwIfAborted();
    return failure(modelMessage(error));
  }
}

function findTool(name: string): Tool | undefined {
  return Object.hasOwn(TOOLS, name) ? TOOLS[name] : undefined;
}

function failure(text: string): ToolResult {
  return { ok: false, text };
}

function malformedMessage(raw: string): string {
  let reason = 'it is not an object';
  try {
    JSON.parse(raw);
  } catch (error) {
    reason = error instanceof Error ? error.message : String(error);
  }
  const end = raw.length > 200 ? `...${raw.slice(-200)}` : raw;
  return `The arguments are not valid JSON (${reason}). They end with: ${end}\nSend them again as one complete JSON object.`;
}
