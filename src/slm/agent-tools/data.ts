import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { z } from 'zod';
import type { analyzeDatasetInput, prepareDataInput, tokenizeDataInput } from '../../tools/slm/data.ts';
import type { ToolResult } from '../../tools/tool.ts';
import { recordData } from '../records/write.ts';
import type { Bench } from './bench.ts';
import { datasetReport, type Statistics } from './dataset-report.ts';

/** What apt-cache reads: names and descriptions of packages. */
const PACKAGE_LISTS = [
  '/etc/apt/sources.list',
  '/etc/apt/sources.list.d',
  '/var/lib/apt/lists',
  '/var/lib/dpkg',
];

export async function prepareData(
  { name, config, set }: z.output<typeof prepareDataInput>,
  bench: Bench,
): Promise<ToolResult> {
  const { events } = await bench.stage(
    'prepare_data',
    {
      config: await bench.config(config),
      set,
      out: bench.artefact(name),
      sources: bench.artefact('sources'),
      processes: 1,
    },
    PACKAGE_LISTS.filter((place) => existsSync(place)),
  );
  const record = await recordData(bench.records, name);
  const said = events.flatMap((event) => (event.event === 'message' ? [event.text] : []));
  return { ok: true, text: [...said, ...(await report(bench, name)), `Record: ${record}.`].join('\n') };
}

export async function analyzeDataset(
  { name }: z.output<typeof analyzeDatasetInput>,
  bench: Bench,
): Promise<ToolResult> {
  return { ok: true, text: (await report(bench, name)).join('\n') };
}

async function report(bench: Bench, name: string): Promise<string[]> {
  const text = await readFile(join(bench.data(name), 'statistics.json'), 'utf8');
  return datasetReport(JSON.parse(text) as Statistics);
}

export async function tokenizeData(
  { name, texts }: z.output<typeof tokenizeDataInput>,
  bench: Bench,
): Promise<ToolResult> {
  const { result } = await bench.stage('tokenize', { data: bench.data(name), text: texts });
  const lines = result.texts.map(({ line, pieces, bytes }) => {
    const words = line.split(' ').filter(Boolean).length;
    const spelled = bytes > 0 ? `, ${bytes} of them single bytes` : '';
    return `${line}\n  ${pieces.join(' ')}\n  ${pieces.length} tokens for ${words} words${spelled}`;
  });
  return { ok: true, text: lines.join('\n') };
}
