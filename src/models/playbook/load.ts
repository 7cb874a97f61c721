import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse } from 'smol-toml';
import { z } from 'zod';
import { nearest } from '../../config/nearest.ts';
import { EXIT, UserError, errorMessage } from '../../protocol/errors.ts';
import { playbookSchema, sessionsFileSchema } from './format.ts';
import type { PlaybookFile, RecordedSession } from './format.ts';

export const PLAYBOOK_FILE = 'playbook.toml';

/** A playbook whose file has been read and checked; the sources it names are read when they are played. */
export interface Playbook extends Omit<PlaybookFile, 'session' | 'include'> {
  /** Absolute. */
  folder: string;
  sessions: ReadonlyMap<string, RecordedSession>;
}

/** The key of a session among a playbook's sessions. */
export function sessionKey(session: { role: string; task: string; attempt: number }): string {
  return `${session.role} of task "${session.task}", attempt ${session.attempt}`;
}

/** Reads a playbook's folder; everything wrong with it is a UserError that names file and place. */
export function loadPlaybook(folder: string): Playbook {
  const absolute = resolve(folder);
  const { session, include, ...rest } = readToml(join(absolute, PLAYBOOK_FILE), playbookSchema);
  const sessions = new Map<string, RecordedSession>();
  const add = (file: string, recorded: RecordedSession[]) => {
    for (const one of recorded) {
      const key = sessionKey(one);
      if (sessions.has(key)) throw broken(file, `the session of ${key} is there twice`);
      sessions.set(key, one);
    }
  };
  add(join(absolute, PLAYBOOK_FILE), session);
  for (const name of include) {
    const file = join(absolute, name);
    add(file, readToml(file, sessionsFileSchema).session);
  }
  if (sessions.size === 0) throw broken(join(absolute, PLAYBOOK_FILE), 'it has no sessions');
  return { ...rest, folder: absolute, sessions };
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
