import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { errorMessage } from '../../protocol/errors.ts';
import { GgufError, readGguf, type GgufFile } from '../gguf/reader.ts';

export interface ModelFile {
  path: string;
  /** `general.name`. */
  name: string | null;
  bytes: number;
  sha256: string;
}

/** A file that cannot be a model of a kernel; the message says why. */
export class ModelProblem extends Error {
  readonly check: 'model_file' | 'manifest' | 'fits_memory';

  constructor(check: ModelProblem['check'], message: string) {
    super(message);
    this.name = 'ModelProblem';
    this.check = check;
  }
}

/** What the kernel's engine computes. */
const ARCHITECTURE = 'llama';
/** Memory beside the file in the image: its rows arranged anew, the cache, the kernel itself. */
const ROOM_FACTOR = 2;

/** Looks at a file before anything is built with it. @throws ModelProblem */
export function examineModel(path: string, memoryMb: number): ModelFile {
  const { size } = sizeOf(path);
  if (size * ROOM_FACTOR > memoryMb * 2 ** 20) {
    const mb = (size / 2 ** 20).toFixed(1);
    throw new ModelProblem(
      'fits_memory',
      `${basename(path)} has ${mb} MB: too large for a machine with ${memoryMb} MB`,
    );
  }
  const bytes = readFileSync(path);
  const { keys } = parsed(bytes, path);
  const text = (key: string) => {
    const value = keys.get(key);
    return value?.type === 'string' ? String(value.value) : null;
  };
  const architecture = text('general.architecture');
  if (architecture !== ARCHITECTURE)
    throw new ModelProblem(
      'model_file',
      `${basename(path)} is of the architecture ${architecture ?? '(none)'}, not ${ARCHITECTURE}`,
    );
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  checkManifest(path, size, sha256);
  return { path, name: text('general.name'), bytes: size, sha256 };
}

function sizeOf(path: string): { size: number } {
  try {
    const stats = statSync(path);
    if (stats.isFile()) return stats;
  } catch (error) {
    throw new ModelProblem('model_file', `${path} cannot be read: ${errorMessage(error)}`);
  }
  throw new ModelProblem('model_file', `${path} is no file`);
}

function parsed(bytes: Buffer, path: string): GgufFile {
  try {
    return readGguf(bytes);
  } catch (error) {
    if (error instanceof GgufError)
      throw new ModelProblem('model_file', `${basename(path)} is damaged: ${error.message}`);
    throw error;
  }
}

/** The manifest beside a model, `<file>.json`; a user's own model may have none. */
export const manifestOf = (path: string) => `${path}.json`;

function checkManifest(path: string, bytes: number, sha256: string): void {
  const file = manifestOf(path);
  if (!existsSync(file)) return;
  const wrong = (what: string) => new ModelProblem('manifest', `${basename(file)} ${what}`);
  let said: { sha256?: unknown; bytes?: unknown };
  try {
    said = JSON.parse(readFileSync(file, 'utf8')) as typeof said;
  } catch (error) {
    throw wrong(`cannot be read: ${errorMessage(error)}`);
  }
  if (said.bytes !== bytes) throw wrong(`says ${String(said.bytes)} bytes, the file has ${bytes}`);
  if (said.sha256 !== sha256)
    throw wrong("gives another SHA-256 than the file's: it is of another model, or the file was changed");
}

/**
 * What to try when a model does not pass: first the same model in other precisions, then smaller models, from the model's
 * own folder and those named.
 */
export function ladderFor(model: string, folders: readonly string[]): string[] {
  const stem = stemOf(model);
  const size = existsSync(model) ? statSync(model).size : Infinity;
  const found = [...new Set([dirname(model), ...folders])]
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)))
    .filter((file) => file.endsWith('.gguf') && basename(file) !== basename(model))
    .map((file) => ({ file, size: statSync(file).size, same: stemOf(file) === stem }))
    .filter((other) => other.same || other.size < size)
    .toSorted((a, b) => Number(b.same) - Number(a.same) || b.size - a.size);
  return found.map(({ file }) => file);
}

/** "mini_3M" of "mini_3M-Q4_0.gguf". */
const stemOf = (file: string) => basename(file, '.gguf').replace(/[-.](F32|F16|BF16|I?Q\d\w*)$/i, '');
