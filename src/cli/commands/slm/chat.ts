import { existsSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { Command } from 'commander';
import { assets } from '../../../config/assets.ts';
import { loadConfig } from '../../../config/load.ts';
import { userCacheFolder } from '../../../kernel/accel.ts';
import { UserError } from '../../../protocol/errors.ts';
import { oneLine } from '../../../protocol/printable.ts';
import { openAnswerer, type Answerer, type Reported } from '../../../slm/answer/answerer.ts';
import { newestExport } from '../../../slm/exported.ts';
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
      'a GGUF file, run by the engine of the kernel, or ONNX [the newest that was exported or that a run accepted here, ' +
        'else what ships]',
    )
    .addOption(jsonOption('print answers as JSON, one a line'))
    .action(async (words: string[], { model, json = false }: Options, command: Command) => {
      const folder = workspaceOf(cli, command);
      const chosen = choose(cli, folder, model);
      const answerer = await open(cli, folder, chosen.file);
      try {
        const talks = words.length === 0 && cli.stdin.isTTY === true && !json;
        (json ? cli.stderr : cli.stdout).write(
          `${cli.style.dim(whoAnswers(answerer, chosen.origin, talks))}\n`,
        );
        if (words.length > 0) show(cli, await answerer.answer(words.join(' ')), json);
        else await converse(cli, answerer, { interactive: talks, json });
      } finally {
        answerer.stop?.();
      }
    });
}

/** The file that is meant, and where it comes from. */
function choose(cli: Cli, folder: string, named: string | undefined): { file: string; origin: string } {
  if (named !== undefined) {
    const file = resolve(cli.cwd, named);
    if (existsSync(file)) return { file, origin: named };
    throw new UserError(`There is no file ${named}.`, 'Name a GGUF or ONNX file with --model.');
  }
  const found = newestExport(folder, loadConfig({ folder, env: cli.env }).config);
  if (found === null)
    return { file: join(assets().shippedModels, 'mini_3M-Q4_0.gguf'), origin: 'the one that ships' };
  const { file, accepted } = found;
  return { file, origin: `${relative(cli.cwd, file)}, ${accepted ? 'accepted by a run' : 'exported here'}` };
}

async function open(cli: Cli, folder: string, model: string): Promise<Answerer & { stop?(): void }> {
  const { slmPackage } = assets();
  const grammar = join(slmPackage, 'GRAMMAR.md');
  if (!model.endsWith('.onnx')) return openGgufAnswerer({ model, grammar, env: cli.env });
  const runtime = findRuntime([cli.cwd, folder, join(userCacheFolder(cli.env), 'onnxruntime'), slmPackage]);
  if (runtime !== null) return openAnswerer({ model, grammar, runtime });
  throw new UserError(
    'ONNX Runtime is not installed.',
    `Run \`npm install ${RUNTIME.name}\` here, or name the GGUF file of the model.`,
  );
}

function whoAnswers({ model }: Answerer, origin: string, talks: boolean): string {
  const size = `${(model.parameters / 1e6).toFixed(1)} million parameters`;
  const said = `${oneLine(model.name)}, ${size}, ${model.format} (${oneLine(origin)}).`;
  return talks ? `${said} It chooses an action and knows no facts. Ctrl-D ends.` : said;
}

function show(cli: Cli, said: Reported, json: boolean): void {
  if (json) return printJsonLine(cli, said);
  const { style } = cli;
  const share = style.dim(`${(said.probability * 100).toFixed(1)} %`);
  cli.print(`${said.unsure ? `${said.intent}, unsure (${said.label})` : style.cyan(said.intent)} ${share}`);
  cli.print(`  ${style.bold(oneLine(said.action))}`, `  ${oneLine(said.text)}`);
}

const printJsonLine = (cli: Cli, said: Reported) => cli.print(JSON.stringify(said));

async function converse(
  cli: Cli,
  { answer }: Answerer,
  { interactive, json }: { interactive: boolean; json: boolean },
): Promise<void> {
  const output = interactive ? (cli.stdout as NodeJS.WriteStream) : undefined;
  const lines = createInterface({ input: cli.stdin, ...(output ? { output } : {}) });
  lines.setPrompt(cli.style.cyan('slm> '));
  lines.on('SIGINT', () => lines.close());
  try {
    if (interactive) lines.prompt();
    for await (const line of lines) {
      if (line.trim() !== '') show(cli, await answer(line), json);
      if (interactive) lines.prompt(true); // what was typed meanwhile stays before the cursor
    }
    if (interactive) cli.print('');
  } finally {
    lines.close();
    cli.stdin.pause(); // else a terminal keeps the process waiting for another line
  }
}
