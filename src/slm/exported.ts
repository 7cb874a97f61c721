import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { Config } from '../protocol/config.ts';
import { hasCode } from '../protocol/errors.ts';
import { ARCHITECTURES } from '../protocol/roles.ts';
import { RECORDS } from './records/paths.ts';

/** A GGUF file that was made in a folder. */
export interface ExportedModel {
  file: string;
  /** By a run, whose gates have judged it; otherwise `auton slm export` wrote it. */
  accepted: boolean;
}

/** How the file of a quantisation is called. */
const ENDINGS = { int8: '-Q8_0.gguf', int4: '-Q4_0.gguf', fp16: '-F16.gguf' } as const;

/** The newest model of a folder: what `auton slm export` wrote, and what runs accepted in its workspaces. */
export function newestExport(folder: string, { workspace, slm }: Config): ExportedModel | null {
  const workspaces = new Set(ARCHITECTURES.map((arch) => workspace.path.replaceAll('<arch>', arch)));
  const accepted = [...workspaces]
    .flatMap((path) => ggufIn(resolve(folder, path, RECORDS.models)))
    .filter(isAccepted);
  const [newest] = newestFirst([...accepted, ...ggufIn(join(folder, 'slm'))]);
  if (newest === undefined) return null;
  if (!accepted.includes(newest)) return { file: newest, accepted: false };
  // A run accepts one model at a time, in every precision that it keeps.
  const precisions = accepted.filter((file) => dirname(file) === dirname(newest));
  const wanted = precisions.find((file) => file.endsWith(ENDINGS[slm.quantization]));
  return { file: wanted ?? newest, accepted: true };
}

/** Whether an exported file lies where a run keeps its model, and the card with which the run accepted it names it. */
export function isAccepted(file: string): boolean {
  const top = resolve(dirname(file), RECORDS.models.replaceAll(/[^/]+/g, '..'));
  if (dirname(file) !== join(top, RECORDS.models)) return false;
  try {
    return readFileSync(join(top, RECORDS.card), 'utf8').includes(basename(file));
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return false;
    throw error;
  }
}

export function newestFirst(files: readonly string[]): string[] {
  const age = new Map(files.map((file) => [file, statSync(file).mtimeMs]));
  return files.toSorted((a, b) => age.get(b)! - age.get(a)!);
}

function ggufIn(folder: string): string[] {
  try {
    const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
    return names.filter((name) => name.endsWith('.gguf')).map((name) => join(folder, name));
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  }
}
