import { z } from 'zod';
import { TomlError, parse } from 'smol-toml';
import { configSchema } from '../protocol/config.ts';
import type { Config } from '../protocol/config.ts';
import { EXIT, UserError } from '../protocol/errors.ts';
import { KEYS, descend } from './keys.ts';
import { nearest } from './nearest.ts';
import { places } from './toml-places.ts';
import type { Place } from './toml-places.ts';

/** Something wrong, or only doubtful, in a configuration. */
export interface Problem {
  message: string;
  remedy: string;
  /** The key it is about. */
  key?: string;
  /** The line of the file, from 1. */
  line?: number;
}

/** A configuration file that cannot be used, with everything that is wrong in it. */
export class ConfigError extends UserError {
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
    this.problems = problems;
  }
}

/** Parses and checks the text of an `auton.toml`; throws a ConfigError that names every problem by line. */
export function parseConfig(text: string, file: string): { config: Config; given: Map<string, number> } {
  let data: unknown;
  try {
    data = parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    // The error's own code block repeats the line, which may hold a key.
    const reason = (error.message.split('\n')[0] ?? '').replace(/^Invalid TOML document: /, '');
    throw new ConfigError(file, [{ message: `not valid TOML: ${reason}.`, remedy: '', line: error.line }]);
  }
  const written = places(text);
  const result = configSchema.safeParse(data);
  if (!result.success) {
    throw new ConfigError(
      file,
      result.error.issues.flatMap((issue) => explainIssue(issue, data, written)),
    );
  }
  return { config: result.data, given: givenKeys(data, written) };
}

/** The keys that the file sets, with their lines. */
function givenKeys(data: unknown, written: Place[]): Map<string, number> {
  return new Map(
    KEYS.filter((key) => descend(data, key.name.split('.')) !== undefined).map((key) => [
      key.name,
      lineOf(key.name.split('.'), written) ?? 0,
    ]),
  );
}

function explainIssue(issue: z.core.$ZodIssue, data: unknown, written: Place[]): Problem[] {
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
      ...withLine(path, written),
    },
  ];
}

function unknownKey(path: string[], written: Place[]): Problem {
  const key = path.join('.');
  const guess = nearestKey(path);
  return {
    message: `unknown key "${key}".`,
    remedy: guess ? `Did you mean "${guess}"?` : '',
    key,
    ...withLine(path, written),
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

function withLine(path: string[], written: Place[]): { line?: number } {
  const line = lineOf(path, written);
  return line === undefined ? {} : { line };
}

/** The line that writes this key, or the inline table around it, or the first line below it. */
function lineOf(path: string[], written: Place[]): number | undefined {
  const key = path.join('\0');
  const exact = written.find((place) => place.path.join('\0') === key);
  if (exact) return exact.line;
  const around = written.find(
    (place) => place.kind === 'value' && key.startsWith(`${place.path.join('\0')}\0`),
  );
  return (around ?? written.find((place) => place.path.join('\0').startsWith(`${key}\0`)))?.line;
}
