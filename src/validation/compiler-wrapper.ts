import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { findProgram } from '../kernel/toolchain.ts';

interface Strictness {
  /** Shell patterns of arguments that would hide something; they are dropped. */
  dropped: string;
  /** Arguments that come last, so that they win. */
  added: string;
}

const C_COMPILER: Strictness = {
  dropped: `-w|-Wno-*|-Wp,-w|-Wp,-Wno-*|-fmax-errors=*`,
  added: '-Wall -Wextra -Werror',
};
/** `reloc-*` only tells that a relocation was made: it is off unless all warnings are asked for. */
const ASSEMBLER: Strictness = { dropped: '-w|-w-a*|-w-e*|-w-[!r]*|-W-*|-Wno-*', added: '-Werror' };

/**
 * A folder to put first in PATH: compilers of the usual names that warn about everything that a build must be free of,
 * and fail on it, whatever flags a Makefile gives them. Returns its path; the same one for the same tools.
 */
export function makeCompilerFolder(
  parent: string,
  compiler: string,
  env: Record<string, string | undefined>,
): string {
  const scripts = new Map<string, string>();
  for (const name of ['gcc', 'cc', 'clang', compiler]) addScript(scripts, name, C_COMPILER, env);
  addScript(scripts, 'nasm', ASSEMBLER, env);
  const hash = createHash('sha256')
    .update([...scripts.values()].join('\0'))
    .digest('hex')
    .slice(0, 12);
  const folder = join(parent, `compilers-${hash}`);
  if (existsSync(folder)) return folder;
  const fresh = `${folder}.${process.pid}`;
  mkdirSync(fresh, { recursive: true });
  for (const [name, text] of scripts) writeFileSync(join(fresh, name), text, { mode: 0o755 });
  try {
    renameSync(fresh, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error; // Another build of this run was first.
  }
  return folder;
}

function addScript(
  scripts: Map<string, string>,
  name: string,
  strict: Strictness,
  env: Record<string, string | undefined>,
): void {
  const real = findProgram(name, env);
  if (real !== undefined) scripts.set(basename(name), script(real, strict));
}

function script(real: string, { dropped, added }: Strictness): string {
  return `#!/bin/sh
# ${real} with the warnings that every build must pass, whatever the Makefile says.
left=$#
while [ $left -gt 0 ]; do
  arg=$1
  shift
  left=$((left - 1))
  case $arg in
    ${dropped}) ;;
    @*) echo "${basename(real)}: error: a response file ($arg) can hide flags and is not allowed" >&2; exit 2 ;;
    *) set -- "$@" "$arg" ;;
  esac
done
exec '${real}' "$@" ${added}
`;
}
