import { readFileSync, readdirSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'smol-toml';
import { z } from 'zod';
import { UserError, errorMessage } from '../protocol/errors.ts';
import { acceptanceTestSchema } from '../protocol/schema/evidence.ts';
import type { AcceptanceTest } from '../protocol/evidence.ts';
import type { Architecture } from '../protocol/roles.ts';
import { makeWords } from './make-words.ts';

const fileSchema = z.strictObject({ test: z.array(acceptanceTestSchema).default([]) });

/** Reads acceptance tests, as in `kernel_spec/tests/acceptance.toml`. A UserError names what is wrong with the file. */
export function loadAcceptanceTests(file: string): AcceptanceTest[] {
  const wrong = (what: string, cause?: unknown) =>
    new UserError(`The acceptance tests in ${file} cannot be used: ${what}`, 'Correct the file.', { cause });
  let raw: unknown;
  try {
    raw = parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw wrong(errorMessage(error), error);
  }
  const parsed = fileSchema.safeParse(raw);
  if (!parsed.success) throw wrong(z.prettifyError(parsed.error));
  const seen = new Set<string>();
  for (const test of parsed.data.test) {
    if (seen.has(test.name)) throw wrong(`"${test.name}" is there twice.`);
    seen.add(test.name);
    for (const pattern of [...test.patterns, ...test.forbidden]) {
      try {
        new RegExp(pattern);
      } catch (error) {
        throw wrong(`a pattern of "${test.name}": ${errorMessage(error)}`, error);
      }
    }
  }
  return parsed.data.test;
}

export interface Selection {
  architecture: Architecture;
  /** Only these; every one that fits when absent. A name that does not exist is a UserError. */
  names?: readonly string[];
  /** What the kernel has; tests of others are left out, and those that need others. */
  subsystems?: readonly string[];
}

/** The tests that can be run on a kernel. */
export function selectTests(tests: readonly AcceptanceTest[], selection: Selection): AcceptanceTest[] {
  const { architecture, names, subsystems } = selection;
  const unknown = names?.filter((name) => !tests.some((test) => test.name === name)) ?? [];
  if (unknown.length > 0) {
    throw new UserError(
      `There is no acceptance test ${unknown.join(', ')}.`,
      `Use names of the acceptance tests: ${tests.map((test) => test.name).join(', ')}.`,
    );
  }
  return tests.filter(
    (test) =>
      test.arch.includes(architecture) &&
      (names === undefined || names.includes(test.name)) &&
      (subsystems === undefined ||
        [test.subsystem, ...test.needs].every((name) => subsystems.includes(name))),
  );
}

/** The subsystems a workspace has, with what each requires. `boot` is always there and what all stand on. */
export function readSubsystems(workspace: string): Map<string, string[]> {
  const subsystems = new Map<string, string[]>([['boot', []]]);
  const folders = readdirSync(workspace, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  for (const { name } of folders.toSorted((a, b) => a.name.localeCompare(b.name))) {
    const file = join(workspace, name, 'subsystem.mk');
    if (!existsSync(file)) continue;
    const line = new RegExp(`^${name}_REQUIRES\\s*[:+?]?=(.*)$`, 'm').exec(readFileSync(file, 'utf8'));
    const requires = makeWords(line?.[1] ?? '', workspace);
    subsystems.set(
      name,
      requires.filter((other) => other !== 'boot' && other !== name),
    );
  }
  return subsystems;
}
