import type { Evidence, Finding } from '../protocol/evidence.ts';

/** More findings than these do not help to find the first mistake. */
const MAX_FINDINGS = 40;

/** Evidence as a model reads it: the outcome, the findings, the tests that failed and the end of the log. */
export function evidenceText(evidence: Evidence): string {
  const parts = [`${evidence.kind} ${evidence.passed ? 'passed' : 'FAILED'}: ${evidence.summary}`];
  parts.push(...evidence.findings.slice(0, MAX_FINDINGS).map(findingText));
  if (evidence.findings.length > MAX_FINDINGS) {
    parts.push(`[... ${evidence.findings.length - MAX_FINDINGS} more]`);
  }
  for (const test of evidence.tests) {
    const missing = test.missing.map((pattern) => `\n  not seen: ${pattern}`).join('');
    parts.push(`test ${test.name} (${test.subsystem}): ${test.passed ? 'passed' : 'FAILED'}${missing}`);
    if (!test.passed && test.detail) parts.push(`  ${test.detail}`);
  }
  if (evidence.culprits?.length) parts.push(`Fails together: ${evidence.culprits.join(', ')}`);
  if (evidence.tail) parts.push(`The end of the log:\n${evidence.tail}`);
  return parts.join('\n');
}

function findingText({ severity, message, file, line, column }: Finding): string {
  const place = [file, line, column].filter((part) => part !== undefined).join(':');
  return `${place ? `${place}: ` : ''}${severity}: ${message}`;
}
