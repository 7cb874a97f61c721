import { readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { TENSOR_TYPES } from '../../slm/gguf/format.ts';
import { GgufError, readGguf, type GgufFile } from '../../slm/gguf/reader.ts';
import { dataRecord, type ManifestRecord } from '../../slm/records/format.ts';
import { RECORDS } from '../../slm/records/paths.ts';
import { check, shown, type Check } from './checks.ts';
import type { JudgedByEngine } from './judge.ts';
import { readRecord, type ModelTree } from './tree.ts';

const MAX_LOGIT_DIFFERENCE = 1e-2;
/**
 * Of the spread of all logits: an engine that reads quantised weights rounds what it multiplies them with, too, and the
 * order of its sums is its own. A wrong RoPE or exchanged weights show as ten times that.
 */
const MAX_ENGINE_RMS = 5e-2;

/** A file of `SLM/models/` in other programs: it loads there, and computes what its checkpoint computes. */
export async function loadChecks(tree: ModelTree, file: string, manifest: ManifestRecord): Promise<Check[]> {
  const path = join(tree.path, RECORDS.models, file);
  const read = extname(file) === '.gguf' ? readExported(path, manifest) : undefined;
  if (read && 'refused' in read) return [read.refused];
  const data = join(tree.folder, readRecord(tree, RECORDS.data, dataRecord).name);
  const { difference, reader, engine } = await tree.judge.export(
    join(tree.folder, manifest.checkpoint.path),
    data,
    path,
  );
  return [
    ...(read ? [shapeCheck(read, manifest)] : []),
    logitsCheck('export_logits', file, difference),
    ...(reader
      ? [logitsCheck('export_reader', `${file} in llama.cpp's reader ${reader.version}`, reader.difference)]
      : []),
    ...(read && engine ? engineChecks(file, engine, isQuantised(read)) : []),
  ];
}

function logitsCheck(name: string, what: string, difference: number | null): Check {
  return check(
    name,
    difference !== null && difference <= MAX_LOGIT_DIFFERENCE,
    `${what}: logits differ from its checkpoint's by at most ${difference?.toExponential(1) ?? 'no number'} (at most ${MAX_LOGIT_DIFFERENCE}).`,
  );
}

/** By the project's own reader. */
function readExported(path: string, manifest: ManifestRecord): GgufFile | { refused: Check } {
  try {
    return readGguf(readFileSync(path));
  } catch (error) {
    if (!(error instanceof GgufError) && !(error instanceof RangeError)) throw error;
    return { refused: check('export_gguf', false, `${manifest.file} cannot be read: ${error.message}.`) };
  }
}

const isQuantised = ({ tensors }: GgufFile) => tensors.some(({ type }) => TENSOR_TYPES[type].block > 1);

/** A Llama of the shape that its manifest says. */
function shapeCheck({ keys, tensors }: GgufFile, manifest: ManifestRecord): Check {
  const config = manifest['config'] as Record<string, unknown> | undefined;
  const value = (name: string) => {
    const found = keys.get(`llama.${name}`);
    return found && found.type !== 'array' ? Number(found.value) : undefined;
  };
  const shape = {
    embedding_length: 'dim',
    block_count: 'layers',
    feed_forward_length: 'ffn',
    vocab_size: 'vocab_size',
  };
  const wrong = Object.entries(shape).filter(([key, name]) => value(key) !== config?.[name]);
  const parameters = tensors.reduce((sum, { shape: extents }) => sum + extents.reduce((a, b) => a * b, 1), 0);
  return check(
    'export_gguf',
    wrong.length === 0 && parameters === manifest.parameters,
    wrong.length === 0
      ? `${manifest.file} has ${tensors.length} tensors of ${parameters} parameters, its manifest says ${manifest.parameters}.`
      : `${manifest.file}: ${wrong.map(([key]) => key).join(', ')} are not as its manifest says.`,
  );
}

/** The file in the engine that a kernel runs, built for this machine. */
function engineChecks(file: string, engine: JudgedByEngine, quantised: boolean): Check[] {
  const { places, difference, rms, contradicted, texts, cut_otherwise: cut, other_keys: keys } = engine;
  const near = quantised
    ? rms !== null && rms <= MAX_ENGINE_RMS && contradicted !== null && contradicted <= 2 * MAX_ENGINE_RMS
    : difference !== null && difference <= MAX_LOGIT_DIFFERENCE;
  const bounds = quantised
    ? `${shown(rms)} of their spread (at most ${MAX_ENGINE_RMS}); where it chooses another token, the right one is ahead by ` +
      `${shown(contradicted)} at most (no more than ${2 * MAX_ENGINE_RMS})`
    : `${difference?.toExponential(1) ?? 'no number'} (at most ${MAX_LOGIT_DIFFERENCE})`;
  return [
    check(
      'export_engine',
      near,
      `${file} in the kernel's engine: logits at ${places} places differ from its checkpoint's by ${bounds}.`,
    ),
    check(
      'export_tokenizer',
      cut === null && keys.length === 0,
      cut !== null
        ? `${file}: the kernel's engine cuts ${JSON.stringify(cut)} into other tokens than the data set's tokenizer.`
        : keys.length > 0
          ? `${file}: ${keys.slice(0, 5).join(', ')} are not those of its checkpoint and tokenizer.`
          : `${file}: the kernel's engine cuts ${texts} texts as the data set's tokenizer does.`,
    ),
  ];
}
