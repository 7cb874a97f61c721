import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse } from 'smol-toml';
import { z } from 'zod';
import { nearest } from '../../config/nearest.ts';
import { EXIT, UserError, errorMessage } from '../../protocol/errors.ts';
import type { Architecture, WorkflowMode } from '../../protocol/roles.ts';
import { extended } from './extend.ts';
import { playbookSchema, sessionsFileSchema } from './format.ts';
import type { PlaybookFile, RecordedSession } from './format.ts';
import { termsFor, withTerms } from './terms.ts';
import type { Terms } from './terms.ts';

export const PLAYBOOK_FILE = 'playbook.toml';

/**
 * A playbook whose file has been read and checked, together with the one it extends. Every path is absolute; the
 * sources it names are read when they are played.
 */
export interface Playbook extends Omit<
  PlaybookFile,
  'session' | 'include' | 'extends' | 'arch' | 'mode' | 'start'
> {
  folder: string;
  arch: Architecture[];
  mode: WorkflowMode;
  start: 'empty' | 'reference';
  sessions: Readonly<Partial<Record<Architecture, ReadonlyMap<string, RecordedSession>>>>;
}

/** The key of a session among a playbook's sessions. */
export function sessionKey(session: { role: string; task: string; attempt: number }): string {
  return `${session.role} of task "${session.task}", attempt ${session.attempt}`;
}

/** Reads a playbook's folder; everything wrong with it is a UserError that names file and place. */
export function loadPlaybook(folder: string): Playbook {
  return load(resolve(folder), []);
}

/** `through`: the playbooks that extend this one, outermost first. */
function load(folder: string, through: readonly string[]): Playbook {
  const file = join(folder, PLAYBOOK_FILE);
  if (through.includes(folder)) throw broken(file, 'it extends itself');
  const own = withAbsolutePaths(readToml(file, playbookSchema), folder);
  const base = own.extends === undefined ? undefined : load(own.extends, [...through, folder]);
  const { session, include, extends: _, arch, ...head } = base ? extended(base, own) : own;
  if (arch === undefined) throw broken(file, '"arch" is missing');
  checkTerms(file, { arch, terms: head.terms });
  const recorded = [
    { file, sessions: session },
    ...include.map((name) => ({ file: name, sessions: readToml(name, sessionsFileSchema).session })),
  ];
  const sessions = Object.fromEntries(
    arch.map((one) => {
      const found = sessionsFor(one, folder, recorded, termsFor(head, one));
      return [one, new Map([...(base?.sessions[one] ?? []), ...found])];
    }),
  );
  if (Object.values(sessions).some(({ size }) => size === 0)) throw broken(file, 'it has no sessions');
  const { mode = 'kernel_build', start = 'empty', ...rest } = head;
  return { ...rest, mode, start, folder, arch, sessions };
}

function withAbsolutePaths(file: PlaybookFile, folder: string): PlaybookFile {
  const absolute = (path: string) => resolve(folder, path);
  return {
    ...file,
    ...(file.extends === undefined ? {} : { extends: absolute(file.extends) }),
    ...(file.spec === undefined ? {} : { spec: absolute(file.spec) }),
    include: file.include.map(absolute),
    files: Object.fromEntries(Object.entries(file.files).map(([name, path]) => [name, absolute(path)])),
  };
}

function sessionsFor(
  arch: Architecture,
  folder: string,
  recorded: { file: string; sessions: RecordedSession[] }[],
  terms: Terms,
): Map<string, RecordedSession> {
  const found = new Map<string, RecordedSession>();
  for (const { file, sessions } of recorded) {
    for (const session of sessions) {
      if (session.arch !== undefined && !session.arch.includes(arch)) continue;
      const key = sessionKey(session);
      if (found.has(key)) throw broken(file, `the session of ${key} is there twice`);
      found.set(key, withTerms(withAbsoluteInputs(session, folder), terms));
    }
  }
  return found;
}

function withAbsoluteInputs(session: RecordedSession, folder: string): RecordedSession {
  const answer = session.answer.map((one) => ({
    ...one,
    call: one.call.map((call) =>
      call.inputFile === undefined ? call : { ...call, inputFile: resolve(folder, call.inputFile) },
    ),
  }));
  return { ...session, answer };
}

/** A name that only some architectures have would stand in the answers of the others as it is. */
function checkTerms(file: string, { arch, terms }: Pick<Playbook, 'arch' | 'terms'>): void {
  const names = new Set(Object.values(terms).flatMap(Object.keys));
  for (const one of arch) {
    const missing = [...names].filter((name) => terms[one]?.[name] === undefined);
    if (missing.length > 0) throw broken(file, `[terms.${one}] has no "${missing.join('", "')}"`);
  }
}

/** All playbooks below a folder, by name. */
export function listPlaybooks(folder: string): Playbook[] {
  return playbookFolders(folder).map((name) => loadPlaybook(join(folder, name)));
}

/** The playbook of this name in `playbooksFolder`, or at this path. */
export function findPlaybook(name: string, where: { playbooksFolder: string; folder: string }): Playbook {
  const candidates = [join(where.playbooksFolder, name), resolve(where.folder, name)];
  const found = candidates.find((folder) => existsSync(join(folder, PLAYBOOK_FILE)));
  if (found) return loadPlaybook(found);
  const names = playbookFolders(where.playbooksFolder);
  const guess = nearest(name, names);
  throw new UserError(
    `There is no playbook "${name}": neither ${candidates.join(' nor ')} has a ${PLAYBOOK_FILE}.`,
    guess ? `Did you mean "playbook/${guess}"?` : `There are: ${names.join(', ') || 'none'}.`,
    { exitCode: EXIT.usage },
  );
}

function playbookFolders(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => existsSync(join(folder, name, PLAYBOOK_FILE)))
    .sort();
}

function readToml<Schema extends z.ZodType>(file: string, schema: Schema): z.infer<Schema> {
  let data: unknown;
  try {
    data = parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw broken(file, errorMessage(error));
  }
  const result = schema.safeParse(data);
  if (!result.success) throw broken(file, z.prettifyError(result.error));
  return result.data;
}

export function broken(file: string, problem: string): UserError {
  return new UserError(
    `The playbook ${file} cannot be played: ${problem}.`,
    'playbooks/README.md describes the format.',
    { exitCode: EXIT.usage },
  );
}
