import { l10n } from 'vscode';
import type { Evidence } from '../../protocol/evidence.ts';
import { dayAndTime, duration } from '../../protocol/units.ts';
import { COLOURS, EVIDENCE_MARKS } from './marks.ts';
import { code, escape, excerpt, facts, paragraphs } from '../common/markdown.ts';
import type { Row } from './node.ts';

const SUMMARY_CHARACTERS = 400;

export function evidenceRow(evidence: Evidence): Row {
  const { kind, passed } = evidence;
  const mark = EVIDENCE_MARKS[kind];
  const result = passed ? l10n.t('passed') : l10n.t('failed');
  const parts = [result, ...numbers(evidence)];
  return {
    label: mark.word,
    description: parts.join(' · '),
    icon: { id: mark.icon, color: passed ? COLOURS.good : COLOURS.bad },
    context: ['evidence', ...contents(evidence)].join(' '),
    spoken: [mark.word, ...parts].join(', '),
    folding: evidence.findings.length + evidence.tests.length + evidence.files.length > 0 ? 'closed' : 'none',
  };
}

function numbers({ exitCode, findings, tests, bootMs, durationMs, kind }: Evidence): string[] {
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  const warnings = findings.filter(({ severity }) => severity === 'warning').length;
  const passed = tests.filter((test) => test.passed).length;
  return [
    // QEMU's exit code says how the guest asked it to end, nothing that a user could read from it.
    exitCode !== undefined && exitCode !== 0 && kind !== 'boot'
      ? l10n.t('exit code {0}', exitCode ?? '?')
      : '',
    errors === 1 ? l10n.t('1 error') : errors > 0 ? l10n.t('{0} errors', errors) : '',
    warnings === 1 ? l10n.t('1 warning') : warnings > 0 ? l10n.t('{0} warnings', warnings) : '',
    tests.length > 0 ? l10n.t('{0} of {1} tests', passed, tests.length) : '',
    kind === 'boot' && bootMs !== undefined ? l10n.t('up in {0}', duration(bootMs)) : duration(durationMs),
  ].filter((text) => text !== '');
}

function contents({ files, command, kind }: Evidence): string[] {
  return Object.entries({
    log: files.some(({ role }) => role === 'build-log' || role === 'output'),
    serial: files.some(({ role }) => role === 'serial-log'),
    kernel: kind === 'build' && files.some(({ role }) => role === 'kernel'),
    command: command !== undefined && command.length > 0,
  })
    .filter(([, has]) => has)
    .map(([word]) => word);
}

/** Evidence in one line of Markdown. */
export function evidenceLine(evidence: Evidence): string {
  const icon = evidence.passed ? '$(pass)' : '$(error)';
  return `${icon} ${EVIDENCE_MARKS[evidence.kind].word}: ${excerpt(evidence.summary, SUMMARY_CHARACTERS)} (${escape(duration(evidence.durationMs))})`;
}

const COMMAND_CHARACTERS = 600;

export function evidenceTooltip(evidence: Evidence): string {
  const { command, exitCode, startedAt, durationMs, bootMs, tree, culprits } = evidence;
  return paragraphs(
    evidenceLine(evidence),
    facts(
      [l10n.t('Started'), escape(dayAndTime(startedAt))],
      [l10n.t('Took'), escape(duration(durationMs))],
      [l10n.t('Up after'), bootMs !== undefined && escape(duration(bootMs))],
      [l10n.t('Exit code'), exitCode !== undefined && String(exitCode ?? l10n.t('none, it was ended'))],
      [l10n.t('Fail together'), culprits !== undefined && culprits.map(code).join(', ')],
      [l10n.t('Tree'), tree !== undefined && code(tree.slice(0, 12))],
      [l10n.t('Command'), command !== undefined && code(command.join(' ').slice(0, COMMAND_CHARACTERS))],
    ),
  );
}
