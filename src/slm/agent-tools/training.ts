import { readFile } from 'node:fs/promises';
import type { z } from 'zod';
import type { evaluateModelInput, quantizeModelInput, trainModelInput } from '../../tools/slm/training.ts';
import type { ToolResult } from '../../tools/tool.ts';
import type { StageEvent } from '../pipeline/events.ts';
import { varied } from '../pipeline/training-values.ts';
import { RECORDS } from '../records/paths.ts';
import { recordEvaluation, recordQuantization, recordTraining } from '../records/write.ts';
import type { Bench } from './bench.ts';

/** Points of the course of the loss that an answer shows. */
const SHOWN_STEPS = 12;

export async function trainModel(
  { name, data, config, set }: z.output<typeof trainModelInput>,
  bench: Bench,
): Promise<ToolResult> {
  const { result, events } = await bench.stage('train', {
    config: await bench.config(config),
    set: varied(bench.workshop.training, set),
    data: bench.data(data),
    out: bench.artefact(name),
    device: bench.device,
  });
  const record = await recordTraining(bench.records, name);
  const lines = [
    ...course(events),
    `Done at step ${result.step}, best score ${result.best.toFixed(4)}. Record: ${record}.`,
  ];
  return { ok: true, text: lines.join('\n') };
}

/** The events of a training, thinned to what a reader needs. */
function course(events: readonly StageEvent[]): string[] {
  const steps = events.filter(({ event }) => event === 'step');
  const every = Math.max(1, Math.ceil(steps.length / SHOWN_STEPS));
  const shown = new Set(steps.filter((_, i) => i % every === 0 || i === steps.length - 1));
  return events.flatMap((event) => {
    switch (event.event) {
      case 'begin':
        return [`${event.name}: ${event.parameters} parameters on ${event.device}.`];
      case 'resumed':
        return [`Goes on at step ${event.step}.`];
      case 'step':
        return shown.has(event)
          ? [
              `step ${event.step}/${event.steps}: loss ${event.loss.toFixed(4)}, gradient ${event.gradient.toFixed(2)}`,
            ]
          : [];
      case 'evaluation':
        return [`step ${event.step}, unseen examples: ${cells(event)}`];
      case 'diverged':
        return [`Diverged (${event.attempt} of ${event.retries + 1}): ${event.reason}`];
      default:
        return [];
    }
  });
}

function cells(event: Record<string, unknown>): string {
  return Object.entries(event)
    .filter(([key]) => !['event', 'seconds', 'step'].includes(key))
    .map(([key, value]) => `${key} ${typeof value === 'number' ? value.toFixed(4) : String(value)}`)
    .join(', ');
}

export async function evaluateModel(
  { training, checkpoint, data, size }: z.output<typeof evaluateModelInput>,
  bench: Bench,
): Promise<ToolResult> {
  const report = `${training}/evaluation-${checkpoint}.json`;
  await bench.stage('evaluate', {
    data: bench.data(data),
    checkpoint: bench.checkpoint(training, checkpoint),
    out: bench.artefact(report),
    size,
    device: bench.device,
  });
  const record = await recordEvaluation(bench.records, {
    checkpoint: `${training}/${checkpoint}.pt`,
    report,
    size,
    ...(checkpoint === 'best' ? {} : { record: RECORDS.quantization(`${checkpoint}-evaluation`) }),
  });
  const { precisions } = JSON.parse(await readFile(bench.artefact(report), 'utf8')) as {
    precisions: Record<string, unknown>;
  };
  return { ok: true, text: `${flat(precisions).join('\n')}\nRecord: ${record}.` };
}

/** Numbers of nested objects as "f32.intents.model.heldout.intent 0.93". */
function flat(value: unknown, path: string[] = []): string[] {
  if (typeof value === 'number')
    return [`${path.join('.')} ${Number.isInteger(value) ? value : value.toFixed(4)}`];
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  return Object.entries(value).flatMap(([key, entry]) => flat(entry, [...path, key]));
}

export async function quantizeModel(
  { training, data, to, method }: z.output<typeof quantizeModelInput>,
  bench: Bench,
): Promise<ToolResult> {
  const { result } = await bench.stage('quantize', {
    checkpoint: bench.checkpoint(training, 'best'),
    out: bench.artefact(training, `${to}.pt`),
    to,
    method,
    ...(method === 'rtn' ? {} : { data: bench.data(data) }),
  });
  const paths = { source: `${training}/best.pt`, checkpoint: `${training}/${to}.pt` };
  const record = await recordQuantization(bench.records, { ...paths, kind: to, method });
  const moved = `relative error of the weights: ${result.mean_error.toExponential(2)} in the mean, ${result.worst_error.toExponential(2)} at worst`;
  return {
    ok: true,
    text: `${result.matrices} matrices in ${to} by ${method}; ${moved}. Record: ${record}.`,
  };
}
