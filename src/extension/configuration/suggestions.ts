import type { KeyHelp } from '../../config/help.ts';
import { tomlCursor, writtenNames } from './toml-cursor.ts';

/** Something to complete with; the columns are those of the line that it replaces. */
export interface Suggestion {
  kind: 'section' | 'key' | 'value';
  label: string;
  /** A snippet where `snippet` is true. */
  insert: string;
  snippet: boolean;
  start: number;
  end: number;
  help?: KeyHelp;
}

/** What fits at a place of an `auton.toml`. `models`: names for keys that hold one. */
export function suggestionsAt(
  lines: readonly string[],
  line: number,
  column: number,
  keys: readonly KeyHelp[],
  models: readonly string[],
): Suggestion[] {
  const { section, at, key, start, end } = tomlCursor(lines, line, column);
  const written = writtenNames(lines.filter((_, index) => index !== line));
  const sections = sectionNames(keys).filter((name) => !written.sections.has(name));
  switch (at) {
    case 'comment':
      return [];
    case 'header':
      return sections.map((name) => plain('section', name, name, start, end));
    case 'key': {
      const own = keysOf(section, keys)
        .filter(({ name }) => !written.keys.has(name))
        .map((help) => keySuggestion(help, section, start, end));
      const bare = (lines[line] ?? '').trim() === '';
      const headers = bare
        ? sections.map((name) => plain('section', `[${name}]`, `[${name}]\n`, start, end))
        : [];
      return [...own, ...headers];
    }
    case 'value': {
      const help = keys.find(({ name }) => name === key);
      if (!help) return [];
      return valuesOf(help, models).map((value) => ({ ...plain('value', value, value, start, end), help }));
    }
  }
}

/** The names of the sections, in order. */
export function sectionNames(keys: readonly KeyHelp[]): string[] {
  return [...new Set(keys.map(({ name }) => name.slice(0, name.lastIndexOf('.'))))];
}

/** The keys right inside a section. */
export function keysOf(section: string, keys: readonly KeyHelp[]): KeyHelp[] {
  return keys.filter(({ name }) => name.slice(0, name.lastIndexOf('.')) === section);
}

export function isModelKey(name: string): boolean {
  return name === 'llm.model' || name.startsWith('agents.models.');
}

function valuesOf({ name, type, choices, default: usual }: KeyHelp, models: readonly string[]): string[] {
  if (isModelKey(name)) return models.map((model) => JSON.stringify(model));
  if (choices) return choices.map((choice) => JSON.stringify(choice));
  if (type === 'boolean') return ['true', 'false'];
  return usual === undefined ? [] : [usual];
}

function keySuggestion(help: KeyHelp, section: string, start: number, end: number): Suggestion {
  const { name, choices, default: usual, example = '' } = help;
  const own = section === '' ? name : name.slice(section.length + 1);
  const value = choices
    ? `"\${1|${choices.join(',')}|}"`
    : (usual ?? example).replace(/^("?)(.*?)("?)$/, (_, open: string, inner: string, close: string) => {
        const text = inner.replace(/[\\$}]/g, '\\$&');
        return `${open}\${1:${text}}${close}`;
      });
  return { kind: 'key', label: own, insert: `${own} = ${value}`, snippet: true, start, end, help };
}

function plain(
  kind: Suggestion['kind'],
  label: string,
  insert: string,
  start: number,
  end: number,
): Suggestion {
  return { kind, label, insert, snippet: false, start, end };
}
