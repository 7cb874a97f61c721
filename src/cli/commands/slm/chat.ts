import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { Command } from 'commander';
import { assets } from '../../../config/assets.ts';
import { userCacheFolder } from '../../../kernel/accel.ts';
import { UserError } from '../../../protocol/errors.ts';
import { oneLine } from '../../../protocol/printable.ts';
import { openAnswerer, type Answerer, type Reported } from '../../../slm/answer/answerer.ts';
import { openGgufAnswerer } from '../../../slm/host/gguf-answerer.ts';
import { findRuntime, RUNTIME } from '../../../slm/onnx/runtime.ts';
import type { Cli } from '../../cli.ts';
import { jsonOption, workspaceOf } from '../../options.ts';

interface Options {
  model?: string;
  json?: boolean;
}

export function chatCommand(cli: Cli): Command {
  return new Command('chat')
    .description(
      'ask a model itself, without a kernel: intent, action and text of one line, or of line by line',
    )
    .argument('[line...]')
    .option(
      '--model <file>',
      'a GGUF file, run by the engine of the kernel, or ONNX [the newest export, else what ships]',
    )
    .addOption(jsonOption('print answers as JSON, one a line'))
    .action(async (words: string[], { model, json = false }: Options, command: Command) => {
      const folder = workspaceOf(cli, command);
      const answerer = await open(cli, folder, model);
      try {
        if (words.length > 0) show(cli, await answerer.answer(words.join(' ')), json);
        else await converse(cli, answerer, json);
      } finally {
        answerer.stop?.();
      }
    });
}

async function open(
  cli: Cli,
  folder: string,
  named: string | undefined,
): Promise<Answerer & { stop?(): void }> {
  const { slmPackage, shippedModels } = assets();
  const model =
    named === undefined
      ? (exported(folder) ?? join(shippedModels, 'mini_3M-Q4_0.gguf'))
      : resolve(cli.cwd, named);
  if (!existsSync(model))
    throw new UserError(`There is no file ${named ?? model}.`, 'Name a GGUF or ONNX file with --model.');
  const grammar = join(slmPackage, 'GRAMMAR.md');
  if (!model.endsWith('.onnx')) return openGgufAnswerer({ model, grammar, env: cli.env });
  const runtime = findRuntime([cli.cwd, folder, join(userCacheFolder(cli.env), 'onnxruntime'), slmPackage]);
  if (runtime !== null) return openAnswerer({ model, grammar, runtime });
  throw new UserError(
    'ONNX Runtime is not installed.',
    `Run \`npm install ${RUNTIME.name}\` here, or name the GGUF file of the model.`,
  );
}

/** What `auton slm export` wrote here. */
function exported(folder: string): string | null {
  const root = join(folder, 'slm');
  const files = existsSync(root) ? readdirSync(root, { recursive: true, encoding: 'utf8' }) : [];
  const found = files
    .filter((file) => file.endsWith('.gguf'))
    .toSorted()
    .at(0);
  return found === undefined ? null : join(root, found);
}

function show(cli: Cli, said: Reported, json: boolean): void {
  if (json) return printJsonLine(cli, said);
  const { style } = cli;
  const share = style.dim(`${(said.probability * 100).toFixed(1)} %`);
  cli.print(`${said.unsure ? `${said.intent}, unsure (${said.label})` : style.cyan(said.intent)} ${share}`);
  cli.print(`  ${style.bold(oneLine(said.action))}`, `  ${oneLine(said.text)}`);
}

const printJsonLine = (cli: Cli, said: Reported) => cli.print(JSON.stringify(said));

async function converse(cli: Cli, { model, answer }: Answerer, json: boolean): Promise<void> {
  const interactive = cli.stdin.isTTY === true && !json;
  if (interactive) {
    const size = `${(model.parameters / 1e6).toFixed(1)} million parameters`;
    cli.print(
      cli.style.dim(
        `${oneLine(model.name)}, ${size}, ${model.format}. It chooses an action and knows no facts. Ctrl-D ends.`,
      ),
    );
  }
  const output = interactive ? (cli.stdout as NodeJS.WriteStream) : undefined;
  const lines = createInterface({ input: cli.stdin, ...(output ? { output } : {}) });
  lines.setPrompt(cli.style.cyan('slm> '));
  lines.on('SIGINT', () => lines.close());
  try {
    if (interactive) lines.prompt();
    for await (const line of lines) {
      if (line.trim() !== '') show(cli, await answer(line), json);
      if (interactive) lines.prompt();
    }
    if (interactive) cli.print('');
  } finally {
    lines.close();
    cli.stdin.pause(); // else a terminal keeps the process waiting for another line
  }
}
