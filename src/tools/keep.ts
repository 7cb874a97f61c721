import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { cutMiddle } from './output.ts';
import { OUTPUT_ALIAS } from './paths.ts';
import type { SandboxResult } from './sandbox.ts';
import { OUTPUT_LIMIT } from './sandbox.ts';
import type { ToolContext } from './tool.ts';

/** A file of the output folder for one tool result, and what the model calls it. */
export interface KeptFile {
  path: string;
  shown: string;
}

export function newKeptFile(tool: string, context: ToolContext): KeptFile {
  mkdirSync(context.outputFolder, { recursive: true });
  const name = `${tool}-${randomBytes(4).toString('hex')}.txt`;
  return { path: path.join(context.outputFolder, name), shown: `${OUTPUT_ALIAS}/${name}` };
}

/** A text of any length as a tool result: beyond the limit its middle is cut and a file has all of it. */
export async function fitResult(text: string, tool: string, context: ToolContext): Promise<string> {
  if (text.length <= OUTPUT_LIMIT) return text;
  const file = newKeptFile(tool, context);
  await writeFile(file.path, text);
  return `${cutMiddle(text)}\n${whereItIs(file)}`;
}

/** A command's output as a tool result; `file` holds all of it and goes when the result shows all of it too. */
export async function fitOutput(result: SandboxResult, file: KeptFile): Promise<string> {
  if (result.outputBytes > OUTPUT_LIMIT) return `${result.output}\n${whereItIs(file)}`;
  await rm(file.path, { force: true });
  return result.output;
}

function whereItIs(file: KeptFile): string {
  return `[All of it: read_file or search_code with path "${file.shown}".]`;
}
