import { evidenceTimes } from '../../protocol/describe-event.ts';
import type { Evidence } from '../../protocol/evidence.ts';
import type { Style, Symbols } from '../terminal/style.ts';
import { oneLine, printable } from '../../protocol/printable.ts';
import type { Places } from './places.ts';

const SHOWN_FINDINGS = 20;
const SHOWN_TAIL = 15;

/** One piece of evidence for a person: what was done, and when it failed why. `places` says where its files are. */
export function renderEvidence(
  evidence: Evidence,
  { style, symbols }: { style: Style; symbols: Symbols },
  places: Places = (text) => text,
): string[] {
  const mark = evidence.passed ? style.green(symbols.done) : style.red(symbols.failed);
  const lines = [
    `${mark} ${style.bold(evidence.kind)}  ${places(oneLine(evidence.summary))} ${style.dim(`(${evidenceTimes(evidence)})`)}`,
  ];
  for (const { file, line, column, severity, message } of evidence.findings.slice(0, SHOWN_FINDINGS)) {
    const place = places([file, line, column].filter((part) => part !== undefined).join(':'));
    const colour = severity === 'error' ? style.red : severity === 'warning' ? style.yellow : style.dim;
    lines.push(`  ${place === '' ? '' : `${style.bold(place)}: `}${colour(severity)}: ${oneLine(message)}`);
  }
  const more = evidence.findings.length - SHOWN_FINDINGS;
  if (more > 0) lines.push(style.dim(`  and ${more} more`));
  for (const { name, passed, missing, detail } of evidence.tests) {
    if (passed) {
      lines.push(`  ${style.green(symbols.done)} ${name}`);
      continue;
    }
    lines.push(`  ${style.red(symbols.failed)} ${name}${detail ? `: ${oneLine(detail)}` : ''}`);
    if (!detail) for (const pattern of missing) lines.push(`      missing: ${pattern}`);
  }
  if (!evidence.passed && evidence.tail) {
    lines.push(style.dim('  last lines:'));
    const tail = printable(evidence.tail).trimEnd().split('\n').slice(-SHOWN_TAIL);
    lines.push(...tail.map((line) => style.dim(`    ${line}`)));
  }
  return lines;
}
