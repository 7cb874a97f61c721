import { l10n } from 'vscode';
import type { TranscriptEntry } from '../../agents/transcript.ts';
import { oneLine, printable } from '../../protocol/printable.ts';
import { totalTokens } from '../../protocol/usage.ts';
import { dollars, duration } from '../../protocol/units.ts';

/** What was said in a session, as Markdown to be read as a text. Lines that are not complete yet are left out. */
export function transcriptText(name: string, lines: string): string {
  const blocks = [`# ${oneLine(name)}`];
  for (const line of lines.split('\n')) {
    const entry = parse(line);
    if (entry) blocks.push(...render(entry));
  }
  return `${blocks.join('\n\n')}\n`;
}

function parse(line: string): TranscriptEntry | undefined {
  if (line === '') return undefined;
  try {
    return JSON.parse(line) as TranscriptEntry;
  } catch {
    return undefined;
  }
}

function render(entry: TranscriptEntry): string[] {
  switch (entry.kind) {
    case 'opening':
      return [
        l10n.t('Model: {0}', oneLine(entry.model)),
        l10n.t('Tools: {0}', entry.tools.map(oneLine).join(', ')),
        `## ${l10n.t('Instructions')}`,
        fenced(entry.system),
        `## ${l10n.t('Task')}`,
        fenced(entry.text),
      ];
    case 'assistant': {
      const { turn, durationMs, usage, costUsd, message } = entry;
      const facts = [
        duration(durationMs),
        l10n.t('{0} tokens', totalTokens(usage).toLocaleString('en')),
        costUsd === null ? l10n.t('price unknown') : costUsd > 0 ? dollars(costUsd) : '',
      ];
      return [
        `## ${l10n.t('Answer {0}', turn + 1)} (${facts.filter((fact) => fact !== '').join(', ')})`,
        ...message.content.flatMap((part) => {
          if (part.type === 'text') return part.text.trim() === '' ? [] : [printable(part.text).trim()];
          const input = part.malformed ?? JSON.stringify(part.input, null, 2);
          return [`**${l10n.t('calls {0}', oneLine(part.name))}**`, fenced(unescaped(input))];
        }),
      ];
    }
    case 'tool_result': {
      const tool = oneLine(entry.tool);
      const title = entry.isError ? l10n.t('{0} failed', tool) : l10n.t('Result of {0}', tool);
      return [`### ${title}`, fenced(entry.text)];
    }
    case 'user':
      return [
        `## ${entry.source === 'user' ? l10n.t('You') : l10n.t('AUTON')}`,
        printable(entry.text).trim(),
      ];
  }
}

/** Files that an agent writes are long strings in JSON: their line ends are drawn. */
function unescaped(json: string): string {
  return json.replaceAll('\\n', '\n').replaceAll('\\"', '"').replaceAll('\\t', '    ');
}

/** As it was, in a fence that nothing in it can close. */
function fenced(text: string): string {
  const shown = printable(text).trimEnd();
  const longest = Math.max(2, ...[...shown.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}text\n${shown}\n${fence}`;
}
