import { existsSync } from 'node:fs';
import { isAbsolute, join, relative } from 'node:path';

/** Rewrites the places (`file:line`) in a text. */
export type Places = (text: string) => string;

const PLACE = /(?<before>^|[\s(]|\bld:)(?<file>[\w./+@-]+)(?=:\d)/gm;

/**
 * Compilers name files as make called them, from the kernel's own folder. This names them from where the user is, so
 * that a terminal and an editor find them.
 */
export function placesFrom(source: string, cwd: string): Places {
  if (source === cwd) return (text) => text;
  return (text) =>
    text.replace(PLACE, (place, before: string, file: string) => {
      const path = join(source, file);
      return isAbsolute(file) || !existsSync(path) ? place : `${before}${nameFrom(cwd, path)}`;
    });
}

/** Relative to a folder when it lies below it, absolute else. */
export function nameFrom(folder: string, path: string): string {
  const name = relative(folder, path);
  return name.startsWith('..') || isAbsolute(name) ? path : name;
}
