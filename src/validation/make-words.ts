import { globSync } from 'node:fs';

/**
 * The words of a make variable's value, as far as `$(if ...)` and `$(wildcard ...)` make them up; other references are
 * empty. Read without make, because a Makefile that is not trusted yet can run anything.
 */
export function makeWords(value: string, folder: string): string[] {
  return expand(value.replace(/(^|\s)#.*$/, ''), folder)
    .split(/\s+/)
    .filter(Boolean);
}

function expand(text: string, folder: string): string {
  let result = '';
  for (let at = 0; at < text.length;) {
    const open = text.indexOf('$(', at);
    const end = open < 0 ? -1 : closing(text, open + 2);
    if (end < 0) return result + text.slice(at);
    result += text.slice(at, open) + call(text.slice(open + 2, end), folder);
    at = end + 1;
  }
  return result;
}

function call(body: string, folder: string): string {
  const [, name, rest] = /^(if|wildcard)\s+(.*)$/s.exec(body) ?? [];
  if (name === 'wildcard') {
    const patterns = expand(rest ?? '', folder)
      .split(/\s+/)
      .filter(Boolean);
    return patterns.flatMap((pattern) => globSync(pattern, { cwd: folder })).join(' ');
  }
  if (name === undefined) return '';
  const [condition = '', yes = '', ...no] = commaParts(rest ?? '');
  return expand(expand(condition, folder).trim() === '' ? no.join(',') : yes, folder);
}

/** Where the parenthesis that is open at `from` closes; -1 when it does not. */
function closing(text: string, from: number): number {
  let depth = 1;
  for (let at = from; at < text.length; at++) {
    if (text[at] === '(') depth++;
    if (text[at] === ')' && --depth === 0) return at;
  }
  return -1;
}

/** Splits at the commas that are not inside parentheses. */
function commaParts(text: string): string[] {
  const parts = [''];
  let depth = 0;
  for (const character of text) {
    if (character === ',' && depth === 0) {
      parts.push('');
      continue;
    }
    if (character === '(') depth++;
    if (character === ')') depth--;
    parts[parts.length - 1] += character;
  }
  return parts;
}
