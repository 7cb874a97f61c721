import { oneLine } from '../../protocol/printable.ts';

/** Text that agents, compilers or kernels wrote, as Markdown that shows it and nothing else. */
export function escape(text: string): string {
  return oneLine(text).replace(/[\\`*_{}[\]()#+\-.!|<>~$&@:/]/g, '\\$&');
}

/** The same for text that a model reads too: only what is Markdown anywhere in a line is marked. */
export function plain(text: string): string {
  return oneLine(text).replace(/[\\`*_{}[\]<>~|#!]/g, '\\$&');
}

/** As `escape`, cut to a length. */
export function excerpt(text: string, length: number): string {
  const line = oneLine(text);
  return escape(line.length <= length ? line : `${line.slice(0, length - 1).trimEnd()}…`);
}

/** Text as code; a fence longer than any run of backticks in it. */
export function code(text: string): string {
  const line = oneLine(text);
  if (line === '') return '';
  const longest = Math.max(0, ...[...line.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = '`'.repeat(longest + 1);
  const space = line.startsWith('`') || line.endsWith('`') ? ' ' : '';
  return `${fence}${space}${line}${space}${fence}`;
}

/** Paragraphs, without those that are empty. */
export function paragraphs(...parts: (string | false | undefined)[]): string {
  return parts.filter((part) => typeof part === 'string' && part !== '').join('\n\n');
}

/** "name: value" lines, without those that have no value. */
export function facts(...lines: ([name: string, value: string | false | undefined] | false)[]): string {
  return lines
    .filter((line) => line !== false && typeof line[1] === 'string' && line[1] !== '')
    .map((line) => `- ${(line as [string, string])[0]}: ${(line as [string, string])[1]}`)
    .join('\n');
}

/** Output as it was, in a fence that nothing in it can close. */
export function fenced(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}\n${text.trimEnd()}\n${fence}`;
}

/** The last lines of a text. */
export function lastLines(text: string, count: number): string {
  return text.trimEnd().split('\n').slice(-count).join('\n');
}
