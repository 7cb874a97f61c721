/**
 * `ask-slm --model <file> --grammar <file> --runtime <folder>...`: lines in, answers of the model out, on a terminal for
 * a person, else one JSON object a line. A process of its own, since ONNX Runtime is a native module. `--fetch <folder>`
 * gets ONNX Runtime when none of the folders has it.
 */
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { errorMessage, UserError } from '../../protocol/errors.ts';
import { oneLine } from '../../protocol/printable.ts';
import { openAnswerer, type Answerer } from '../answer/answerer.ts';
import { fetchRuntime, findRuntime, RUNTIME } from '../onnx/runtime.ts';
import { answerText, greetingText } from './text.ts';

const { values } = parseArgs({
  options: {
    model: { type: 'string' },
    grammar: { type: 'string' },
    runtime: { type: 'string', multiple: true, default: [] },
    fetch: { type: 'string' },
    ask: { type: 'string' },
  },
});

async function open(): Promise<Answerer> {
  const { model, grammar, runtime, fetch } = values;
  if (model === undefined || grammar === undefined)
    throw new UserError('--model and --grammar are missing.', 'They name files.');
  const say = (text: string) => void process.stderr.write(`${text}\n`);
  const found =
    findRuntime([...runtime, ...(fetch === undefined ? [] : [fetch])]) ??
    (fetch === undefined ? null : await fetchRuntime(fetch, say));
  if (found === null)
    throw new UserError('ONNX Runtime is not installed.', `Install it here: npm install ${RUNTIME.name}`);
  return openAnswerer({ model, grammar, runtime: found });
}

async function converse({ model, answer }: Answerer): Promise<void> {
  const isTerminal = process.stdout.isTTY === true;
  const print = (text: string) => void process.stdout.write(`${text}\n`);
  if (isTerminal) print(greetingText(model));
  const lines = createInterface({
    input: process.stdin,
    ...(isTerminal ? { output: process.stdout, prompt: 'slm> ', terminal: true } : {}),
  });
  const reply = async (line: string) => {
    const said = await answer(line);
    print(isTerminal ? answerText(said) : JSON.stringify({ line, ...said }));
  };
  if (values.ask !== undefined && values.ask.trim() !== '') {
    if (isTerminal) print(`slm> ${oneLine(values.ask)}`);
    await reply(values.ask);
  }
  if (isTerminal) lines.prompt();
  lines.on('SIGINT', () => lines.close());
  for await (const line of lines) {
    if (!isTerminal || line.trim() !== '') await reply(line);
    if (isTerminal) lines.prompt(true); // what was typed meanwhile stays before the cursor
  }
}

async function untilEnter(): Promise<void> {
  const lines = createInterface({ input: process.stdin, output: process.stdout });
  await new Promise<void>((resolve) => {
    lines.question('\nPress Enter to close this terminal. ', () => resolve());
    lines.on('close', resolve);
  });
  lines.close();
}

try {
  await converse(await open());
} catch (error) {
  const text = error instanceof UserError ? `${error.message}\n→ ${error.remedy}` : errorMessage(error);
  process.stderr.write(`error: ${text}\n`);
  process.exitCode = 1;
  if (process.stdout.isTTY) await untilEnter(); // a terminal closes with its program
}
