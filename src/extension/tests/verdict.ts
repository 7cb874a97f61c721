import type { Evidence, TestResult } from '../../protocol/evidence.ts';

/** Why a test did not pass, as lines of text, and the place in the source that a dying kernel named. */
export interface Verdict {
  text: string;
  place: { file: string; line: number } | null;
}

const PANIC = /^(?<file>[^\s:][^:]*):(?<line>\d+): kernel panic: /m;

/** What a test that failed says: what was missing, what else the boot showed, and the kernel's last lines. */
export function verdictOf(result: TestResult, boot: Evidence | null, serial: string): Verdict {
  const missing = result.missing.map((pattern) => `Not seen on the serial port: ${pattern}`);
  // The detail repeats the missing patterns, in one line.
  const detail = result.missing.length > 0 ? [] : [result.detail ?? 'It failed.'];
  return {
    text: [...missing, ...detail, ...findingsOf(boot), ...tailOf(boot)].join('\n'),
    place: placeIn(serial),
  };
}

/** What a build or boot that failed says about all of its tests. */
export function failureText(evidence: Evidence): string {
  return [evidence.summary, ...findingsOf(evidence), ...tailOf(evidence)].join('\n');
}

function findingsOf(evidence: Evidence | null): string[] {
  return (evidence?.findings ?? [])
    .filter(({ severity }) => severity === 'error')
    .slice(0, 10)
    .map(({ file, line, message }) => (file === undefined ? message : `${file}:${line ?? 1}: ${message}`));
}

function tailOf(evidence: Evidence | null): string[] {
  const lines = evidence?.tail?.trimEnd().split('\n').slice(-12) ?? [];
  return lines.length === 0 ? [] : ['', 'Last lines:', ...lines.map((line) => `  ${line}`)];
}

function placeIn(serial: string): Verdict['place'] {
  const groups = PANIC.exec(serial.replaceAll('\r', ''))?.groups;
  return groups ? { file: groups['file']!, line: Number(groups['line']) } : null;
}
