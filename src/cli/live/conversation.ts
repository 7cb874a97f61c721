import type { TranscriptEntry } from '../../agents/transcript.ts';
import { isPlaybook, type RunState, type SessionView } from '../../protocol/run-state.ts';
import type { Style, Symbols } from '../terminal/style.ts';
import { oneLine, printable } from '../../protocol/printable.ts';
import { counted, dollars, duration } from '../../protocol/units.ts';

export interface Conversation {
  session: SessionView;
  state: RunState;
  entries: readonly TranscriptEntry[];
}

interface Canvas {
  columns: number;
  style: Style;
  symbols: Symbols;
  /** Show long texts whole. */
  full: boolean;
}

/** A long text shows its first and last lines. */
const SHOWN_LINES = 24;

/** A conversation as blocks of lines, one a step: what an agent was told, said and did, and how it ended. */
export function renderSteps(conversation: Conversation, canvas: Canvas): string[][] {
  const { entries } = conversation;
  return [
    heading(conversation, canvas),
    ...entries.map((entry) => renderEntry(entry, isPlaybook(conversation.state), canvas)),
    ending(conversation, canvas),
  ];
}

function heading({ session, entries }: Conversation, { style }: Canvas): string[] {
  const answers = entries.filter(({ kind }) => kind === 'assistant').length;
  return [
    `${style.bold(session.agent)} (${session.role}) on ${style.bold(session.task)}`,
    style.dim(`${session.id}, ${counted(answers, 'answer')}, ${session.transcript}`),
  ];
}

function renderEntry(entry: TranscriptEntry, replayed: boolean, canvas: Canvas): string[] {
  const { style, symbols } = canvas;
  switch (entry.kind) {
    case 'opening':
      return [
        style.magenta(`System prompt (${entry.model})`),
        ...block(entry.system, canvas),
        style.dim(`  Tools: ${entry.tools.join(', ')}`),
        '',
        style.magenta('Task'),
        ...block(entry.text, canvas),
      ];
    case 'user':
      return [style.yellow(entry.source === 'user' ? 'You' : 'Engine'), ...block(entry.text, canvas)];
    case 'assistant': {
      const cost = entry.costUsd === null ? ['price unknown'] : replayed ? [] : [dollars(entry.costUsd)];
      const tokens = `${entry.usage.inputTokens + entry.usage.cacheReadTokens + entry.usage.cacheWriteTokens} in, ${entry.usage.outputTokens} out`;
      const facts = [
        entry.model,
        duration(entry.durationMs),
        tokens,
        ...cost,
        entry.stop.replaceAll('_', ' '),
      ].join(', ');
      const parts = entry.message.content.flatMap((part) =>
        part.type === 'text'
          ? block(part.text, canvas)
          : [
              `  ${style.cyan(`${symbols.arrow} ${part.name}`)}`,
              ...toolInput(part.malformed ?? part.input, canvas),
            ],
      );
      return [`${style.cyan(`Answer ${entry.turn + 1}`)}  ${style.dim(facts)}`, ...parts];
    }
    case 'tool_result': {
      const colour = entry.isError ? style.red : style.green;
      return [
        colour(`${entry.isError ? symbols.failed : symbols.done} ${entry.tool}`),
        ...block(entry.text, canvas),
      ];
    }
  }
}

/** Arguments of a tool call, one a line; files that are written keep their lines. */
function toolInput(input: unknown, canvas: Canvas): string[] {
  if (typeof input !== 'object' || input === null) return block(String(input), canvas);
  return Object.entries(input).flatMap(([name, value]) => {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    if (!text.includes('\n') && text.length < canvas.columns - 12) {
      return [`    ${canvas.style.dim(`${name}:`)} ${oneLine(text)}`];
    }
    return [`    ${canvas.style.dim(`${name}:`)}`, ...block(text, canvas, '      ')];
  });
}

function block(text: string, { full, style }: Canvas, indent = '  '): string[] {
  const lines = printable(text).trimEnd().split('\n');
  const half = SHOWN_LINES / 2;
  const shown =
    full || lines.length <= SHOWN_LINES + 1 ? lines : [...lines.slice(0, half), null, ...lines.slice(-half)];
  return shown.map((line) =>
    line === null
      ? style.dim(`${indent}[${lines.length - SHOWN_LINES} lines left out; --full shows them]`)
      : `${indent}${line}`.trimEnd(),
  );
}

/** What became of it: the attempt's end, the review it led to, the evidence that judged it. */
function ending({ session, state }: Conversation, { style, symbols }: Canvas): string[] {
  const task = state.tasks.get(session.task);
  const attempt = task?.attempts.find((candidate) => candidate.session === session.id);
  const review = task?.reviews.find(
    ({ agent, attempt: number }) => agent === session.agent && session.id.split('.')[1] === String(number),
  );
  if (review) {
    const verdict =
      review.review.verdict === 'approve' ? style.green('approved') : style.yellow('asked for changes');
    return [
      `${style.bold('Ended')}: ${verdict}. ${oneLine(review.review.summary)}`,
      ...review.review.comments.map(({ file, line, message }) => `  ${file}:${line}: ${oneLine(message)}`),
    ];
  }
  if (!attempt) return [`${style.bold('Ended')}: ${task ? task.state : 'see the log for what came of it'}.`];
  if (attempt.outcome === null) return [style.cyan('Still at work.')];
  const outcome =
    attempt.outcome === 'finished'
      ? style.green('finished')
      : style.yellow(attempt.outcome.replaceAll('_', ' '));
  const lines = [`${style.bold('Ended')}: ${outcome}. ${oneLine(attempt.message)}`];
  const until = task?.attempts.find(({ number }) => number === attempt.number + 1)?.startedAt ?? '9999';
  for (const evidence of task?.evidence ?? []) {
    if (evidence.startedAt < attempt.startedAt || evidence.startedAt >= until) continue;
    const mark = evidence.passed ? style.green(symbols.done) : style.red(symbols.failed);
    lines.push(`  ${mark} ${evidence.kind}: ${oneLine(evidence.summary)}`);
  }
  return lines;
}
