import type { KernelChat } from '../../kernel/interactive.ts';

/** What a boot log says, by the kernel's own clock where it has one. */
export interface Boot {
  /** From the start to the prompt, without the time in which a model was loaded. */
  ms: number;
  loadMs: number | null;
  poolKb: number | null;
  /** The model that answers; null when the rules do. */
  model: string | null;
  /** Why no model answers, in the kernel's words. */
  why: string | null;
}

const LOADED = /\[SLM\] Model of \d+ parameters loaded in (\d+) us/;
const INITIALIZED = /\[BOOT\] Initialized in (\d+) ms/;
/** What a kernel with a working model prints, in this order. */
const NEURAL_MARKERS = [
  'SLM: Loading embedded neural model',
  'SLM: Neural backend ready',
  'SLM: Runtime initialized successfully',
];

/** `wallMs`: from the start of the machine to the prompt, for kernels that print no time. */
export function readBoot(log: string, wallMs: number): Boot {
  const number = (pattern: RegExp) => {
    const found = pattern.exec(log)?.[1];
    return found === undefined ? null : Number(found);
  };
  const loadUs = number(LOADED);
  const loadMs = loadUs === null ? null : loadUs / 1000;
  const neural = NEURAL_MARKERS.every((marker) => log.includes(marker));
  return {
    ms: (number(INITIALIZED) ?? wallMs) - (loadMs ?? 0),
    loadMs,
    poolKb: number(/\[MM\] SLM pool: (\d+) KB/),
    model: neural ? (/\[SLM\] Loaded model: (.+)/.exec(log)?.[1] ?? '(without a name)') : null,
    why: /.*SLM.*rules answer.*/.exec(log)?.[0].trim() ?? null,
  };
}

/** Boots by `start` and reads the log; the machine is stopped. */
export async function timedBoot(start: () => Promise<KernelChat>): Promise<Boot> {
  const begun = performance.now();
  const chat = await start();
  const wallMs = performance.now() - begun;
  await chat.stop();
  return readBoot(chat.greeting, wallMs);
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
