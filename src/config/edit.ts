import { chmodSync, closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { parse, stringify } from 'smol-toml';
import { EXIT, UserError, hasCode } from '../protocol/errors.ts';
import { KEYS, findKey } from './keys.ts';
import type { KeyInfo } from './keys.ts';
import { expectation, parseConfig } from './problems.ts';
import { lineEnd, places } from './toml-places.ts';
import type { Place } from './toml-places.ts';

/**
 * Sets one key in a configuration file, creating the file when it is missing. Comments, order and layout stay;
 * the result is checked before the file is replaced in one step. `value` is text as typed at a prompt.
 */
export function setKey(file: string, key: string, value: string): void {
  const info = findKey(key);
  const typed = typedValue(info, value);
  change(file, key, (text) => withValue(text, key.split('.'), typed));
}

/** Takes a key out of a configuration file, its line included; false when it was not there. */
export function unsetKey(file: string, key: string): boolean {
  findKey(key);
  if (!existsSync(file)) return false;
  return change(file, key, (text) => withoutKey(text, key.split('.')));
}

/** False when the text stayed as it was. */
function change(file: string, key: string, edit: (text: string) => string): boolean {
  const target = realPath(file);
  const before = readOrEmpty(target);
  if (before !== '') parseConfig(before, file);
  const after = edit(before);
  if (after === before) return false;
  parseConfig(after, file);
  assertOnlyThisChanged(before, after, key);
  replaceFile(target, after, key.startsWith('llm.api_keys.'));
  return true;
}

/** The TOML text with one value set; the text must be valid TOML. */
export function withValue(text: string, path: string[], value: string | number | boolean): string {
  const literal = tomlLiteral(value);
  const written = places(text);
  const existing = written.find((place) => place.kind === 'value' && samePath(place.path, path));
  if (existing) return text.slice(0, existing.valueStart) + literal + text.slice(existing.valueEnd);

  refuseInline(written, path);
  const table = path.slice(0, -1);
  const line = `${path.at(-1) ?? ''} = ${literal}\n`;
  const at = placeForKey(text, written, path);
  if (at !== undefined) return insertLine(text, at, line);
  const gap = text === '' ? '' : text.endsWith('\n') ? '\n' : '\n\n';
  return `${text}${gap}[${table.join('.')}]\n${line}`;
}

/** The TOML text without one key; the text must be valid TOML. */
function withoutKey(text: string, path: string[]): string {
  const written = places(text);
  const existing = written.find((place) => place.kind === 'value' && samePath(place.path, path));
  if (existing) return text.slice(0, existing.start) + text.slice(lineEnd(text, existing.valueEnd) + 1);
  if (parseConfig(text, '').given.has(path.join('.'))) refuseInline(written, path);
  return text;
}

function refuseInline(written: Place[], path: string[]): void {
  const inline = written.find(
    (place) => place.kind === 'value' && samePath(place.path, path.slice(0, place.path.length)),
  );
  if (!inline) return;
  const section = inline.path.join('.');
  throw new UserError(
    `${path.join('.')} cannot be changed: line ${inline.line} writes ${section} as an inline table.`,
    `Write it as a section of its own, [${section}], first.`,
    { exitCode: EXIT.usage },
  );
}

/**
 * The end of the line in its section that a new key comes behind: the one where it stands switched off in a comment,
 * else the last. Undefined when the section has no header.
 */
function placeForKey(text: string, written: Place[], path: string[]): number | undefined {
  const index = written.findIndex(
    (place) => place.kind === 'table' && samePath(place.path, path.slice(0, -1)),
  );
  const header = written[index];
  if (!header) return undefined;
  const next = written.findIndex((place, at) => at > index && place.kind === 'table');
  const section = text.slice(header.start, written[next]?.start);
  const switchedOff = new RegExp(`^#\\s*${path.at(-1) ?? ''}\\s*=`, 'm').exec(section);
  if (switchedOff) return lineEnd(text, header.start + switchedOff.index);
  const last = written.at(next < 0 ? -1 : next - 1) ?? header;
  return lineEnd(text, last.valueEnd);
}

function insertLine(text: string, at: number, line: string): string {
  const head = text.slice(0, at);
  return `${head}${head.endsWith('\n') ? '' : '\n'}${line}${text.slice(at + 1)}`;
}

function typedValue(info: KeyInfo, value: string): string | number | boolean {
  const typed = convert(info, value);
  const result = info.schema.safeParse(typed);
  if (typed !== undefined && result.success) return typed;
  const issue = result.success ? undefined : result.error.issues[0];
  const expected =
    typed === undefined || !issue
      ? `expected ${info.choices?.join(' or ') ?? `a ${info.type}`}`
      : expectation(issue);
  const shown = info.name.startsWith('llm.api_keys.') ? '' : `, got "${value}"`;
  throw new UserError(`${info.name}: ${expected}${shown}.`, 'The file was not changed.', {
    exitCode: EXIT.usage,
  });
}

function convert(info: KeyInfo, value: string): string | number | boolean | undefined {
  switch (info.type) {
    case 'string':
      return value;
    case 'boolean':
      return value === 'true' ? true : value === 'false' ? false : undefined;
    case 'number': {
      const number = Number(value.replaceAll('_', ''));
      return value.trim() === '' || !Number.isFinite(number) ? undefined : number;
    }
  }
}

function tomlLiteral(value: string | number | boolean): string {
  return stringify({ v: value }).trim().slice('v = '.length);
}

/** The last guard against a layout that `places` would misread: no other key may have another value than before. */
function assertOnlyThisChanged(before: string, after: string, key: string): void {
  const [old, now] = [flat(parse(before)), flat(parse(after))];
  for (const name of new Set([...old.keys(), ...now.keys()])) {
    if (name === key || isDeepStrictEqual(old.get(name), now.get(name))) continue;
    throw new UserError(
      `${key} cannot be set without changing ${name} in this file's layout.`,
      'Change the file in an editor.',
      { exitCode: EXIT.usage },
    );
  }
}

function flat(data: unknown): Map<string, unknown> {
  const values = new Map<string, unknown>();
  for (const { name } of KEYS) {
    let inner: unknown = data;
    for (const part of name.split('.')) inner = (inner as Record<string, unknown> | undefined)?.[part];
    if (inner !== undefined) values.set(name, inner);
  }
  return values;
}

function samePath(a: string[], b: string[]): boolean {
  return a.length === b.length && a.every((part, index) => part === b[index]);
}

/** Through symbolic links, so that the link stays and its target is replaced. */
function realPath(file: string): string {
  try {
    return realpathSync(file);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return file;
    throw error;
  }
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return '';
    throw error;
  }
}

/** A reader sees the old file or the new one. A file that holds a key is readable by its owner only. */
function replaceFile(file: string, text: string, secret: boolean): void {
  mkdirSync(dirname(file), { recursive: true });
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    const handle = openSync(temporary, 'w', 0o600);
    try {
      writeFileSync(handle, text);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    chmodSync(temporary, secret ? 0o600 : modeOf(file));
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

function modeOf(file: string): number {
  try {
    return statSync(file).mode & 0o777;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return 0o644;
    throw error;
  }
}
