import { parse } from 'smol-toml';

/** Where something is written in a TOML text. Offsets are in UTF-16 units, lines count from 1. */
export interface Place {
  kind: 'table' | 'value';
  /** Full key path, the table's included. */
  path: string[];
  line: number;
  /** Start of the line on which the key or header begins. */
  start: number;
  /** The value's span; for a table that of its header. */
  valueStart: number;
  valueEnd: number;
}

/**
 * The tables and assignments of a TOML text, which must have parsed before. smol-toml gives values only; naming
 * lines in errors and changing one value without touching the rest needs to know where they are.
 */
export function places(text: string): Place[] {
  const found: Place[] = [];
  let table: string[] = [];
  let offset = 0;
  let line = 1;
  while (offset < text.length) {
    const start = offset;
    const content = skipSpaces(text, offset);
    let end = lineEnd(text, content);
    if (text[content] === '[') {
      const double = text[content + 1] === '[';
      const close = keyEnd(text, content + 1, ']');
      table = keyPath(text.slice(content + (double ? 2 : 1), close));
      found.push({
        kind: 'table',
        path: table,
        line,
        start,
        valueStart: content,
        valueEnd: close + (double ? 2 : 1),
      });
    } else if (content < end && text[content] !== '#') {
      const equals = keyEnd(text, content, '=');
      const valueStart = skipSpaces(text, equals + 1);
      const valueEnd = endOfValue(text, valueStart);
      const path = [...table, ...keyPath(text.slice(content, equals))];
      found.push({ kind: 'value', path, line, start, valueStart, valueEnd });
      end = lineEnd(text, valueEnd);
    }
    line += text.slice(start, end + 1).split('\n').length - 1;
    offset = end + 1;
  }
  return found;
}

/** The offset of the first newline at or after `from`, or the text's end. */
export function lineEnd(text: string, from: number): number {
  const newline = text.indexOf('\n', from);
  return newline < 0 ? text.length : newline;
}

function skipSpaces(text: string, from: number): number {
  let at = from;
  while (text[at] === ' ' || text[at] === '\t') at++;
  return at;
}

/** The offset of the first `stop` outside quotes. */
function keyEnd(text: string, from: number, stop: string): number {
  let at = from;
  while (at < text.length && text[at] !== stop) at = isQuote(text[at]) ? stringEnd(text, at) : at + 1;
  return at;
}

/** A dotted key's parts; smol-toml itself undoes the quoting. */
function keyPath(key: string): string[] {
  const path: string[] = [];
  let inner: unknown = parse(`${key.trim()} = 0`);
  while (typeof inner === 'object' && inner !== null) {
    const [name = ''] = Object.keys(inner);
    path.push(name);
    inner = (inner as Record<string, unknown>)[name];
  }
  return path;
}

/** The end of the value that begins at `from`, without the spaces and comment behind it. */
function endOfValue(text: string, from: number): number {
  let depth = 0;
  let end = from;
  let at = from;
  while (at < text.length) {
    const char = text[at];
    if (isQuote(char)) {
      end = at = stringEnd(text, at);
      continue;
    }
    if (char === '#') {
      if (depth === 0) break;
      at = lineEnd(text, at);
      continue;
    }
    if (char === '\n' && depth === 0) break;
    if (char === '[' || char === '{') depth++;
    if (char === ']' || char === '}') depth--;
    at++;
    if (char !== undefined && !/\s/.test(char)) end = at;
  }
  return end;
}

function isQuote(char: string | undefined): boolean {
  return char === '"' || char === "'";
}

/** The offset behind the string that begins at `from`, in any of TOML's four forms. */
function stringEnd(text: string, from: number): number {
  const quote = text[from] ?? '';
  const triple = quote.repeat(3);
  const delimiter = text.startsWith(triple, from) ? triple : quote;
  let at = from + delimiter.length;
  while (at < text.length && !text.startsWith(delimiter, at))
    at += quote === '"' && text[at] === '\\' ? 2 : 1;
  at += delimiter.length;
  // A multi-line string may end in up to two quotes of its own before the delimiter.
  if (delimiter === triple) while (text[at] === quote) at++;
  return at;
}
