import { KEYS } from './keys.ts';
import { places } from './toml-places.ts';

/** What people are told about one key of `auton.toml`. */
export interface KeyHelp {
  /** "llm.cost.max_cost_usd" */
  name: string;
  type: 'string' | 'number' | 'boolean';
  choices?: string[];
  /** As TOML; absent when nothing is set by default. */
  default?: string;
  /** As TOML, of a key without a default. */
  example?: string;
  description: string;
}

/** A key that is switched off: `# model = "..."`. Prose is not written so. */
const SWITCHED_OFF = /^# ([a-z_]+ = )/gm;

/**
 * Every key with its description: the schema's types, and the comments of `auton.example.toml`, whose text is given.
 * A comment speaks of the keys below it, up to the next comment.
 */
export function configHelp(example: string): KeyHelp[] {
  const text = example.replace(SWITCHED_OFF, '$1');
  const lines = text.split('\n');
  const written = new Map(places(text).map((place) => [place.path.join('.'), place]));
  return KEYS.map(({ name, type, choices, defaultValue }) => {
    const place = written.get(name);
    if (!place) throw new Error(`auton.example.toml does not document ${name}`);
    const value = text.slice(place.valueStart, place.valueEnd);
    return {
      name,
      type,
      ...(choices && { choices }),
      ...(defaultValue === undefined ? { example: value } : { default: value }),
      description: commentAbove(lines, place.line - 1),
    };
  });
}

const STARTER_HEADER = `# The configuration of AUTON. Every key stands behind a "#", with its default or an example: remove the "#" of
# what you want to change.
`;

/** A new `auton.toml`: the example with every key switched off, so that what is left alone follows later defaults. */
export function starterConfig(example: string): string {
  const sections = example.slice(example.indexOf('\n['));
  return STARTER_HEADER + sections.replace(/^([a-z_]+ = )/gm, '# $1');
}

/** The nearest comment above a line of the same section, past the keys that share it. */
function commentAbove(lines: readonly string[], index: number): string {
  let end = index - 1;
  while (!lines[end]?.startsWith('#') && !lines[end]?.startsWith('[')) end--;
  let start = end;
  while (lines[start]?.startsWith('#')) start--;
  return lines
    .slice(start + 1, end + 1)
    .map((line) => line.replace(/^#\s*/, ''))
    .join(' ');
}
