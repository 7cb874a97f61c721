import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { openForWriting, worktreePlace } from '../../tools/paths.ts';
import { ToolError } from '../../tools/tool-error.ts';
import type { ToolContext } from '../../tools/tool.ts';
import type {
  Artefact,
  DataRecord,
  EvaluationRecord,
  ManifestRecord,
  QuantizationRecord,
  TrainingRecord,
} from './format.ts';
import { RECORDS } from './paths.ts';
import { thinLog, trainingEnd } from './log.ts';

/** The worktree that a record is written to, and the run's folder with what it is about. */
export interface RecordPlace {
  context: ToolContext;
  folder: string;
}

/** After `prepare_data` with `out` = `<folder>/<name>`. All of these return the record's path in the worktree. */
export async function recordData(place: RecordPlace, name: string): Promise<string> {
  const statistics = await json(join(place.folder, name, 'statistics.json'));
  const record: DataRecord = { name, hash: String(statistics['hash']), statistics };
  return writeRecord(place, RECORDS.data, record);
}

/** After `train` with `out` = `<folder>/<name>`: the record of its best checkpoint, and the thinned log beside it. */
export async function recordTraining(place: RecordPlace, name: string): Promise<string> {
  const lines = (await readFile(join(place.folder, name, 'log.jsonl'), 'utf8')).split('\n');
  const { data, config, step, validation } = trainingEnd(lines);
  const checkpoint = await artefactAt(place.folder, `${name}/best.pt`);
  const record: TrainingRecord = { name, data, config, checkpoint, step, validation };
  await writeText(place, RECORDS.log(name), `${thinLog(lines).join('\n')}\n`);
  return writeRecord(place, RECORDS.training(name), record);
}

/** After `evaluate` of `checkpoint`, whose `out` was `report`; both paths below the run's folder. */
export async function recordEvaluation(
  place: RecordPlace,
  {
    checkpoint,
    report,
    size,
    record: path = RECORDS.evaluation,
  }: {
    checkpoint: string;
    report: string;
    size: number;
    record?: string;
  },
): Promise<string> {
  const results = await json(join(place.folder, report));
  const record: EvaluationRecord = {
    checkpoint: await artefactAt(place.folder, checkpoint),
    data: String(results['data_hash']),
    size,
    results: results as EvaluationRecord['results'],
  };
  return writeRecord(place, path, record);
}

/** After `quantize` of `source` to `checkpoint`, both below the run's folder. */
export async function recordQuantization(
  place: RecordPlace,
  {
    source,
    checkpoint,
    kind,
    method,
  }: {
    source: string;
    checkpoint: string;
    kind: QuantizationRecord['kind'];
    method: string;
  },
): Promise<string> {
  const record: QuantizationRecord = {
    source: await artefactAt(place.folder, source),
    checkpoint: await artefactAt(place.folder, checkpoint),
    kind,
    method,
  };
  return writeRecord(place, RECORDS.quantization(kind), record);
}

/**
 * After `export_gguf` or `export_onnx` of `checkpoint` to `file`, both below the run's folder: puts the file into
 * `SLM/models/` of the worktree, with its manifest.
 */
export async function recordExport(
  place: RecordPlace,
  { checkpoint, file }: { checkpoint: string; file: string },
): Promise<string> {
  const manifest = await json(join(place.folder, `${file}.json`));
  const name = String(manifest['file']);
  const target = await openForWriting(await worktreePlace(`${RECORDS.models}/${name}`, place.context));
  try {
    await target.truncate(0);
    await pipeline(createReadStream(join(place.folder, file)), target.createWriteStream());
  } finally {
    await target.close().catch(() => undefined); // the stream has closed it
  }
  const record = { ...manifest, checkpoint: await artefactAt(place.folder, checkpoint) } as ManifestRecord;
  return writeRecord(place, RECORDS.manifest(name), record);
}

/** A file of the run's folder as records name it. */
export async function artefactAt(folder: string, path: string): Promise<Artefact> {
  const file = join(folder, path);
  const { size } = await stat(file).catch((cause: unknown) => {
    throw new ToolError(`There is no ${path} in the folder of the run.`, { cause });
  });
  return { path, sha256: await sha256Of(file), bytes: size };
}

export async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

async function writeRecord(place: RecordPlace, path: string, record: unknown): Promise<string> {
  await writeText(place, path, `${JSON.stringify(record, null, 1)}\n`);
  return path;
}

/** By way of the worktree's own checks: a link that an agent put there leads nowhere. */
async function writeText({ context }: RecordPlace, path: string, text: string): Promise<void> {
  const file = await openForWriting(await worktreePlace(path, context));
  try {
    await file.truncate(0);
    await file.writeFile(text);
  } finally {
    await file.close();
  }
}

async function json(file: string): Promise<Record<string, unknown>> {
  return JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
}
