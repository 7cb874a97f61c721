import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { findProgram } from '../kernel/toolchain.ts';

interface Strictness {
  /** Shell patterns of arguments that would hide something; they are dropped. */
  dropped: string;
  /** Arguments that come last, so that they win. */
  added: string;
  /** Its objects can be taken from those of earlier builds. */
  cached: boolean;
}

const C_COMPILER: Strictness = {
  dropped: `-w|-Wno-*|-Wp,-w|-Wp,-Wno-*|-fmax-errors=*`,
  added: '-Wall -Wextra -Werror',
  cached: true,
};
/** `reloc-*` only tells that a relocation was made: it is off unless all warnings are asked for. */
const ASSEMBLER: Strictness = {
  dropped: '-w|-w-a*|-w-e*|-w-[!r]*|-W-*|-Wno-*',
  added: '-Werror',
  cached: false,
};

/**
 * A folder to put first in PATH: compilers of the usual names that warn about everything that a build must be free of,
 * and fail on it, whatever flags a Makefile gives them; with `debugInfo` they tell debuggers the lines, too. Returns its
 * path; the same one for the same tools.
 */
export function makeCompilerFolder(
  parent: string,
  compiler: string,
  env: Record<string, string | undefined>,
  { debugInfo = false } = {},
): string {
  const scripts = new Map<string, string>();
  const lines = (strict: Strictness, flags: string) =>
    debugInfo ? { ...strict, added: `${strict.added} ${flags}` } : strict;
  for (const name of ['gcc', 'cc', 'clang', compiler]) addScript(scripts, name, lines(C_COMPILER, '-g'), env);
  addScript(scripts, 'nasm', ASSEMBLER, env, debugInfo ? ASSEMBLER_DEBUG : '');
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
  further = '',
): void {
  const real = findProgram(name, env);
  if (real !== undefined) scripts.set(basename(name), script(real, strict, further));
}

/** A flat file, such as a boot sector, has no place for it. */
const ASSEMBLER_DEBUG = `case " $* " in
  *" -f bin "* | *" -fbin "*) ;;
  *) set -- "$@" -g -F dwarf ;;
esac
`;

function script(real: string, { dropped, added, cached }: Strictness, further: string): string {
  return `#!/bin/sh
# ${real} with the warnings that every build must pass, whatever the Makefile says.
left=$#
${cached ? 'previous= output= key= compile=\n' : ''}while [ $left -gt 0 ]; do
  arg=$1
  shift
  left=$((left - 1))
  case $arg in
    ${dropped}) continue ;;
    @*) echo "${basename(real)}: error: a response file ($arg) can hide flags and is not allowed" >&2; exit 2 ;;
  esac
${cached ? NOTE_ARGUMENT : ''}  set -- "$@" "$arg"
done
set -- "$@" ${added}
${further}${cached ? LOOK_UP : ''}exec REAL "$@"${cached ? ' ${output:+-o "$output"}' : ''}
`
    .replaceAll('REAL', `'${real}'`)
    .replaceAll('ADDED', added);
}

/** Tells the arguments that decide what an object contains from those that say where it goes; compilers take one -o. */
const NOTE_ARGUMENT = `  case $previous in
    -o) output=$arg previous=; continue ;;
    -M?) previous= ;;
    *)
      case $arg in
        -o) previous=-o; continue ;;
        -M[FTQ]) previous=$arg ;;
        -MMD|-MD|-MP) ;;
        -c) compile=yes ;;
        *) key="$key $arg" ;;
      esac ;;
  esac
`;

/**
 * An object that was compiled from the same preprocessed text with the same arguments is copied. What the assembler
 * includes by itself is not in that text.
 */
const LOOK_UP = `
if [ "$compile" ] && [ "$output" ] && [ "$AUTON_OBJECTS" ]; then
  text=\${TMPDIR:-/tmp}/cc.$$
  if REAL "$@" -E -o "$text" 2>/dev/null && ! grep -q incbin "$text"; then
    echo "REAL $key ADDED" >>"$text"
    name=$(sha256sum <"$text")
    name=\${name%% *}.o
    [ -f "$AUTON_OBJECTS/$name" ] && cp "$AUTON_OBJECTS/$name" "$output" && exit
    REAL "$@" -o "$output" || exit
    [ "$AUTON_NEW_OBJECTS" ] && cp "$output" "$AUTON_NEW_OBJECTS/$name"
    exit 0
  fi
fi
`;
