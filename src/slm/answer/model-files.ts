import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { errorMessage, UserError } from '../../protocol/errors.ts';
import { readGguf } from '../gguf/reader.ts';
import { Tokenizer } from '../tokenizer/bpe.ts';
import { vocabularyOfGguf, vocabularyOfModel } from '../tokenizer/vocabulary.ts';

/** An exported model with what lies beside it. */
export interface ModelFiles {
  name: string;
  parameters: number;
  format: string;
  /** Tokens that it can look at. */
  context: number;
  onnx: Uint8Array;
  tokenizer: Tokenizer;
}

const AGAIN = 'Export it again: `auton slm export` writes the model and its manifest.';

/** Reads an ONNX file with its manifest and a tokenizer from its folder. @throws UserError */
export function readModel(file: string): ModelFiles {
  const manifest = manifestOf(file);
  const onnx = read(file, 'The model cannot be read');
  const hash = createHash('sha256').update(onnx).digest('hex');
  if (hash !== manifest.sha256)
    throw new UserError(`${file} is not the file that its manifest describes: its SHA-256 differs.`, AGAIN);
  const { name, parameters, format, config } = manifest;
  const tokenizer = tokenizerBeside(file, config.vocab_size);
  return { name, parameters, format, context: config.context, onnx, tokenizer };
}

export interface Manifest {
  name: string;
  parameters: number;
  format: string;
  sha256: string;
  config: { context: number; vocab_size: number };
}

function manifestOf(file: string): Manifest {
  const text = new TextDecoder().decode(read(`${file}.json`, 'The manifest of the model cannot be read'));
  try {
    const manifest = JSON.parse(text) as Partial<Manifest>;
    const { context, vocab_size } = manifest.config ?? {};
    if (typeof context === 'number' && typeof vocab_size === 'number') return manifest as Manifest;
  } catch {
    // Said below.
  }
  throw new UserError(`${file}.json is no manifest of an exported model.`, AGAIN);
}

/** SentencePiece's file beside the model, else what a GGUF file of the same vocabulary holds. */
function tokenizerBeside(file: string, size: number): Tokenizer {
  const folder = dirname(file);
  const own = `${basename(file, '.onnx').replace(/-Q\d_\d$/, '')}.tokenizer.model`;
  const names = readdirSync(folder);
  const candidates = [own, 'tokenizer.model', ...names.filter((name) => name.endsWith('.gguf'))];
  let problem = 'there is none';
  for (const name of candidates.filter((name) => names.includes(name))) {
    try {
      const bytes = readFileSync(join(folder, name));
      const isGguf = name.endsWith('.gguf');
      const tokenizer = new Tokenizer(isGguf ? vocabularyOfGguf(readGguf(bytes)) : vocabularyOfModel(bytes));
      if (tokenizer.size === size) return tokenizer;
      problem = `${name} has ${tokenizer.size} pieces, the model ${size}`;
    } catch (error) {
      problem = `${name}: ${errorMessage(error)}`;
    }
  }
  throw new UserError(
    `The model ${file} has no tokenizer beside it: ${problem}.`,
    `Put its SentencePiece model there as ${own}, or a GGUF export of the same training.`,
  );
}

function read(file: string, what: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new UserError(`${what}: ${errorMessage(cause)}.`, AGAIN, { cause });
  }
}
