import { readFile } from 'node:fs/promises';
import type { z } from 'zod';
import type { exportGgufInput, exportOnnxInput } from '../../tools/slm/export.ts';
import type { ToolResult } from '../../tools/tool.ts';
import { recordExport } from '../records/write.ts';
import type { Bench } from './bench.ts';

export async function exportGguf(
  { training, checkpoint, data, type }: z.output<typeof exportGgufInput>,
  bench: Bench,
): Promise<ToolResult> {
  const file = `exports/${await modelName(bench, training)}-${type}.gguf`;
  const { result } = await bench.stage('export_gguf', {
    checkpoint: bench.checkpoint(training, checkpoint),
    data: bench.data(data),
    out: bench.artefact(file),
    type,
  });
  return exported(bench, `${training}/${checkpoint}.pt`, file, result);
}

export async function exportOnnx(
  { training, checkpoint, data }: z.output<typeof exportOnnxInput>,
  bench: Bench,
): Promise<ToolResult> {
  const file = `exports/${await modelName(bench, training)}.onnx`;
  const { result } = await bench.stage('export_onnx', {
    checkpoint: bench.checkpoint(training, checkpoint),
    data: bench.data(data),
    out: bench.artefact(file),
  });
  return exported(bench, `${training}/${checkpoint}.pt`, file, result);
}

async function exported(
  bench: Bench,
  checkpoint: string,
  file: string,
  { format, bytes, sha256 }: { format: string; bytes: number; sha256: string },
): Promise<ToolResult> {
  const record = await recordExport(bench.records, { checkpoint, file });
  return {
    ok: true,
    text: `${record.replace(/\.json$/, '')}: ${format}, ${bytes} bytes, SHA-256 ${sha256}. Manifest: ${record}.`,
  };
}

/** The name in the configuration that a training began with; its own name where it has no log. */
async function modelName(bench: Bench, training: string): Promise<string> {
  const log = await readFile(bench.artefact(training, 'log.jsonl'), 'utf8').catch(() => '');
  const name = /"event": "begin".*?"name": "([\w.-]+)"/.exec(log)?.[1];
  return name ?? training;
}
