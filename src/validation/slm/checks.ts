import type { TestResult } from '../../protocol/evidence.ts';

/** One thing that was looked at, and what was seen. */
export interface Check {
  name: string;
  passed: boolean;
  /** What was found, also when it is as it should be. */
  detail: string;
}

export function check(name: string, passed: boolean, detail: string): Check {
  return { name: `slm_${name}`, passed, detail };
}

export function testResult({ name, passed, detail }: Check): TestResult {
  return { name, subsystem: 'slm_model', passed, missing: [], detail };
}

/** A share or a loss, as people read it. */
export function shown(value: number | null | undefined): string {
  return typeof value === 'number' ? value.toFixed(4).replace(/\.?0+$/, '') : 'no number';
}

export function short(hash: string): string {
  return hash.slice(0, 12);
}

export function isClose(
  a: number | null | undefined,
  b: number | null | undefined,
  tolerance: number,
): boolean {
  return typeof a === 'number' && typeof b === 'number' && Math.abs(a - b) <= tolerance;
}
