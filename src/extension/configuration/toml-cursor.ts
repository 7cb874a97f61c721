/** What stands at a place of an `auton.toml`, told from its lines alone: half-written text is no TOML yet. */
export interface TomlCursor {
  /** The section that the line is in: "llm.cost", "" above the first. */
  section: string;
  at: 'header' | 'key' | 'value' | 'comment';
  /** The line's key with its section, where the line has one. */
  key: string | null;
  /** The columns of what is there: a section's name, a key, a value. */
  start: number;
  end: number;
}

const HEADER = /^(\s*\[\s*)([\w."' -]*)/;
const ASSIGNMENT = /^(\s*)([\w."'-]+)(\s*=\s*)/;
const KEY = /^(\s*)([\w."'-]*)/;

export function tomlCursor(lines: readonly string[], line: number, column: number): TomlCursor {
  const text = lines[line] ?? '';
  const section = sectionAbove(lines, line);
  const comment = commentStart(text);
  if (column > comment) return { section, at: 'comment', key: null, start: comment, end: text.length };
  const header = HEADER.exec(text);
  if (header) {
    const [, before = '', name = ''] = header;
    const own = plain(name.trimEnd());
    return { section: own, at: 'header', key: null, ...span(before.length, name.trimEnd()) };
  }
  const assignment = ASSIGNMENT.exec(text);
  if (assignment) {
    const [all, indent = '', name = ''] = assignment;
    const key = joined(section, plain(name));
    if (column < all.trimEnd().length) return { section, at: 'key', key, ...span(indent.length, name) };
    const value = text.slice(all.length, comment).trimEnd();
    return { section, at: 'value', key, ...span(all.length, value) };
  }
  const [, indent = '', name = ''] = KEY.exec(text) ?? [];
  const key = name === '' ? null : joined(section, plain(name));
  return { section, at: 'key', key, ...span(indent.length, name) };
}

/** The keys and sections that a text writes, switched-off ones not. */
export function writtenNames(lines: readonly string[]): { keys: Set<string>; sections: Set<string> } {
  const keys = new Set<string>();
  const sections = new Set<string>();
  let section = '';
  for (const line of lines) {
    const header = HEADER.exec(line)?.[2];
    if (header !== undefined) sections.add((section = plain(header.trim())));
    const name = ASSIGNMENT.exec(line)?.[2];
    if (name !== undefined) keys.add(joined(section, plain(name)));
  }
  return { keys, sections };
}

function sectionAbove(lines: readonly string[], line: number): string {
  for (let at = line; at >= 0; at--) {
    const name = HEADER.exec(lines[at] ?? '')?.[2];
    if (name !== undefined) return plain(name.trim());
  }
  return '';
}

/** The column of the `#` that begins a comment, or the line's end. */
function commentStart(text: string): number {
  let quote = '';
  for (let at = 0; at < text.length; at++) {
    const char = text[at]!;
    if (quote !== '') {
      if (char === '\\' && quote === '"') at++;
      else if (char === quote) quote = '';
    } else if (char === '"' || char === "'") quote = char;
    else if (char === '#') return at;
  }
  return text.length;
}

const span = (start: number, text: string) => ({ start, end: start + text.length });
const plain = (name: string) => name.replace(/["'\s]/g, '');
const joined = (section: string, key: string) => (section === '' ? key : `${section}.${key}`);
