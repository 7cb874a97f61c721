import { z } from 'zod';
import { TomlError, parse } from 'smol-toml';
import { configSchema } from '../protocol/config.ts';
import type { Config } from '../protocol/config.ts';
import { EXIT, UserError } from '../protocol/errors.ts';
import { KEYS, descend } from './keys.ts';
import { nearest } from './nearest.ts';
import { lineEnd, places } from './toml-places.ts';
import type { Place } from './toml-places.ts';

/** Something wrong, or only doubtful, in a configuration. */
export interface Problem {
  message: string;
  remedy: string;
  /** The key it is about. */
  key?: string;
  /** The line of the file, from 1. */
  line?: number;
  /** Where on that line, from 1; the end is the column behind it. */
  column?: number;
  endColumn?: number;
}

/** Where a value is written. */
export type ValuePlace = Required<Pick<Problem, 'line' | 'column' | 'endColumn'>>;

/** What `auton config check --json` prints. */
export interface ConfigReport {
  /** The file that was checked; null when there is none and the defaults hold. */
  source: string | null;
  problems: (Problem & { severity: 'error' | 'warning' })[];
}

/** A configuration file that cannot be used, with everything that is wrong in it. */
export class ConfigError extends UserError {
  readonly file: string;
  readonly problems: Problem[];

  constructor(file: string, problems: Problem[]) {
    const text = problems.map((problem) => {
      const place = problem.line === undefined ? file : `${file}:${problem.line}`;
      return `${place}: ${problem.message} ${problem.remedy}`.trimEnd();
    });
    super(
      text.join('\n'),
      'Correct the file; `auton config get` lists every key, auton.example.toml explains them.',
      {
        exitCode: EXIT.usage,
      },
    );
    this.name = 'ConfigError';
    this.file = file;
    this.problems = problems;
  }
}

/** Parses and checks the text of an `auton.toml`; throws a ConfigError that names every problem by line. */
export function parseConfig(text: string, file: string): { config: Config; given: Map<string, ValuePlace> } {
  let data: unknown;
  try {
    data = parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    // The error's own code block repeats the line, which may hold a key.
    const reason = (error.message.split('\n')[0] ?? '').replace(/^Invalid TOML document: /, '');
    const { line, column } = error;
    throw new ConfigError(file, [{ message: `not valid TOML: ${reason}.`, remedy: '', line, column }]);
  }
  const written = { text, places: places(text) };
  const result = configSchema.safeParse(data);
  if (!result.success) {
    throw new ConfigError(
      file,
      result.error.issues.flatMap((issue) => explainIssue(issue, data, written)),
    );
  }
  return { config: result.data, given: givenKeys(data, written) };
}

/** The keys that the file sets, with where it writes their values. */
function givenKeys(data: unknown, written: Written): Map<string, ValuePlace> {
  const places = KEYS.map(({ name }) => name.split('.'))
    .filter((path) => descend(data, path) !== undefined)
    .map((path) => [path.join('.'), placeOf(path, written, 'value')] as const);
  return new Map(places.filter((entry): entry is [string, ValuePlace] => entry[1] !== undefined));
}

interface Written {
  text: string;
  places: Place[];
}

function explainIssue(issue: z.core.$ZodIssue, data: unknown, written: Written): Problem[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => unknownKey([...issue.path.map(String), key], written));
  }
  const path = issue.path.map(String);
  const value = descend(data, path);
  const secret = path[1] === 'api_keys';
  return [
    {
      message: `${path.join('.') || 'the file'}: ${expectation(issue)}, got ${secret ? typeof value : describe(value)}.`,
      remedy: '',
      key: path.join('.'),
      ...placeOf(path, written, 'value'),
    },
  ];
}

function unknownKey(path: string[], written: Written): Problem {
  const key = path.join('.');
  const guess = nearestKey(path);
  return {
    message: `unknown key "${key}".`,
    remedy: guess ? `Did you mean "${guess}"?` : '',
    key,
    ...placeOf(path, written, 'key'),
  };
}

/** The nearest name at the same place first, then anywhere: "max_cost_usd" under [llm] is found in [llm.cost]. */
function nearestKey(path: string[]): string | undefined {
  const parent = path.slice(0, -1);
  const own = path.at(-1) ?? '';
  const names = [...new Set(KEYS.map((key) => key.name.split('.')).flatMap(prefixes))];
  const siblings = names.filter((name) => {
    const parts = name.split('.');
    return parts.length === path.length && parts.slice(0, -1).join('.') === parent.join('.');
  });
  const sibling = nearest(
    own,
    siblings.map((name) => name.split('.').at(-1) ?? ''),
  );
  if (sibling) return [...parent, sibling].join('.');
  return names.find((name) => name.split('.').at(-1) === own) ?? nearest(path.join('.'), names);
}

function prefixes(path: string[]): string[] {
  return path.map((_, index) => path.slice(0, index + 1).join('.'));
}

/** What a value should have been, in words. */
export function expectation(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `expected ${issue.expected === 'int' ? 'a whole number' : article(issue.expected)}`;
    case 'invalid_value':
      return `expected ${issue.values.map((value) => JSON.stringify(value)).join(' or ')}`;
    case 'too_small':
      return `expected ${issue.inclusive ? 'at least' : 'more than'} ${issue.minimum}`;
    case 'too_big':
      return `expected ${issue.inclusive ? 'at most' : 'less than'} ${issue.maximum}`;
    case 'invalid_format':
      if (issue.format === 'includes') return 'expected "provider/model"';
      return `expected ${issue.format === 'url' ? 'a URL' : `text matching ${issue.pattern ?? issue.format}`}`;
    default:
      return issue.message;
  }
}

function article(type: string): string {
  const name = type === 'object' ? 'table' : type;
  return /^[aeiou]/.test(name) ? `an ${name}` : `a ${name}`;
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object' && value !== null) return 'a table';
  return `${typeof value} ${JSON.stringify(value)}`;
}

function placeOf(path: string[], written: Written, part: 'key' | 'value'): ValuePlace | undefined {
  const place = writtenAt(path, written.places);
  if (!place) return undefined;
  const { line, start, valueStart, valueEnd, kind } = place;
  const before = written.text.slice(start, valueStart);
  const [from, to] =
    part === 'key' && kind === 'value'
      ? [start + before.search(/\S/), start + before.replace(/\s*=\s*$/, '').length]
      : [valueStart, Math.min(valueEnd, lineEnd(written.text, valueStart))];
  return { line, column: from - start + 1, endColumn: to - start + 1 };
}

/** What writes this key, or the inline table around it, or the first of what is below it. */
function writtenAt(path: string[], places: Place[]): Place | undefined {
  const key = path.join('\0');
  const exact = places.find((place) => place.path.join('\0') === key);
  if (exact) return exact;
  const around = places.find(
    (place) => place.kind === 'value' && key.startsWith(`${place.path.join('\0')}\0`),
  );
  return around ?? places.find((place) => place.path.join('\0').startsWith(`${key}\0`));
}
