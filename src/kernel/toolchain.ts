import { execFile } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { promisify } from 'node:util';
import { UserError } from '../protocol/errors.ts';
import type { Architecture } from '../protocol/roles.ts';
import { PROFILES } from './architectures.ts';

export const PACKAGE_MANAGERS = ['apt', 'dnf', 'pacman', 'brew'] as const;
export type PackageManager = (typeof PACKAGE_MANAGERS)[number];
type Env = Record<string, string | undefined>;

/** A program that building or booting needs, and the package that brings it. */
export interface Tool {
  name: string;
  neededFor: string;
  packages: Partial<Record<PackageManager, string>>;
  versionArgs: string[];
}

export interface ToolStatus extends Tool {
  /** undefined when it is missing. */
  path: string | undefined;
  version: string | undefined;
  /** What to do when it is missing. */
  remedy: string;
  /** The command that installs it here, where the system's package manager has it. */
  install: string | undefined;
}

const INSTALL: Record<PackageManager, string> = {
  apt: 'sudo apt-get install -y',
  dnf: 'sudo dnf install -y',
  pacman: 'sudo pacman -S --needed',
  brew: 'brew install',
};

const everywhere = (name: string) => ({ apt: name, dnf: name, pacman: name, brew: name });

function tool(
  name: string,
  neededFor: string,
  packages: Tool['packages'],
  versionArgs = ['--version'],
): Tool {
  return { name, neededFor, packages, versionArgs };
}

const COMMON: Tool[] = [
  tool('make', 'building kernels', everywhere('make')),
  tool('git', 'worktrees, branches and merges', everywhere('git')),
];

/** The build makes its tables with small programs that run here, whatever the kernel is for. */
const HOST_CC = tool('cc', 'compiling the tools of the build', everywhere('gcc'));

/** Only Linux has it; there it ties a QEMU to the life of the engine. */
const SETPRIV = tool('setpriv', 'ending QEMU with the engine', everywhere('util-linux'));
const BWRAP = tool('bwrap', 'running agents and builds in a sandbox', {
  apt: 'bubblewrap',
  dnf: 'bubblewrap',
  pacman: 'bubblewrap',
});

const BY_ARCHITECTURE: Record<Architecture, Tool[]> = {
  x86_64: [
    tool('gcc', 'compiling kernels', everywhere('gcc')),
    tool('ld', 'linking kernels', everywhere('binutils')),
    tool('nasm', 'assembling x86_64 kernels', everywhere('nasm')),
    tool('qemu-system-x86_64', 'booting x86_64 kernels', {
      apt: 'qemu-system-x86',
      dnf: 'qemu-system-x86-core',
      pacman: 'qemu-system-x86',
      brew: 'qemu',
    }),
    tool('grub-mkrescue', 'boot media for x86_64', {
      apt: 'grub-pc-bin grub-common',
      dnf: 'grub2-tools-extra grub2-pc-modules',
      pacman: 'grub',
    }),
    tool('xorriso', 'boot media for x86_64', { ...everywhere('xorriso'), pacman: 'libisoburn' }),
    tool('mformat', 'boot media for x86_64', everywhere('mtools')),
  ],
  aarch64: [
    HOST_CC,
    tool('aarch64-linux-gnu-gcc', 'compiling kernels', {
      apt: 'gcc-aarch64-linux-gnu',
      dnf: 'gcc-aarch64-linux-gnu',
      pacman: 'aarch64-linux-gnu-gcc',
    }),
    tool('qemu-system-aarch64', 'booting aarch64 kernels', {
      apt: 'qemu-system-arm',
      dnf: 'qemu-system-aarch64-core',
      pacman: 'qemu-system-aarch64',
      brew: 'qemu',
    }),
  ],
  riscv64: [
    HOST_CC,
    tool('riscv64-linux-gnu-gcc', 'compiling kernels', {
      apt: 'gcc-riscv64-linux-gnu',
      dnf: 'gcc-riscv64-linux-gnu',
      pacman: 'riscv64-linux-gnu-gcc',
    }),
    tool('qemu-system-riscv64', 'booting riscv64 kernels', {
      apt: 'qemu-system-misc',
      dnf: 'qemu-system-riscv-core',
      pacman: 'qemu-system-riscv',
      brew: 'qemu',
    }),
  ],
};

/** What the configuration may put in the place of the defaults (`[kernel] cc, as, ld, qemu`). */
export interface ToolChoice {
  cc?: string;
  as?: string;
  ld?: string;
  qemu?: string | undefined;
}

/** Every tool an architecture needs, with the user's own compilers in the place of the defaults. */
export function toolsFor(architecture: Architecture, choice: ToolChoice = {}): Tool[] {
  const profile = PROFILES[architecture];
  const replaced: Record<string, string | undefined> = {
    [profile.gcc]: choice.cc === undefined || choice.cc === 'gcc' ? undefined : choice.cc,
    ld: choice.ld,
    nasm: choice.as,
    [profile.qemu]: choice.qemu,
  };
  const own = BY_ARCHITECTURE[architecture].map((entry) => {
    const name = replaced[entry.name];
    if (name === undefined || name === entry.name) return entry;
    return tool(name, entry.neededFor, isAbsolute(name) ? {} : everywhere(name));
  });
  const linux = process.platform === 'linux' ? [SETPRIV, BWRAP] : [];
  return [...COMMON, ...own, ...linux];
}

/** The state of every tool, for `auton doctor`. Never throws. */
export async function inspectToolchain(
  architecture: Architecture,
  options: { choice?: ToolChoice; env?: Env } = {},
): Promise<ToolStatus[]> {
  const env = options.env ?? process.env;
  return Promise.all(
    toolsFor(architecture, options.choice).map(async (entry) => {
      const path = findProgram(entry.name, env);
      return {
        ...entry,
        path,
        version: path && (await versionOf(path, entry.versionArgs)),
        remedy: remedyFor(entry, env),
        install: runnable(installCommand(entry, env), env),
      };
    }),
  );
}

/** The path of a tool; a UserError that says how to get it when it is missing. */
export function requireProgram(name: string, env: Env = process.env): string {
  const path = findProgram(name, env);
  if (path !== undefined) return path;
  const known = [...COMMON, ...Object.values(BY_ARCHITECTURE).flat(), SETPRIV, BWRAP].find(
    (t) => t.name === name,
  );
  throw new UserError(
    `${name} was not found${known ? `, it is needed for ${known.neededFor}` : ''}.`,
    remedyFor(known ?? tool(name, '', {}), env),
  );
}

/** Looks a program up as a shell does; undefined when there is no executable of that name. */
export function findProgram(name: string, env: Env = process.env): string | undefined {
  const candidates = isAbsolute(name)
    ? [name]
    : (env['PATH'] ?? '').split(delimiter).map((dir) => join(dir, name));
  return candidates.find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return isAbsolute(path) && statSync(path).isFile();
    } catch {
      return false;
    }
  });
}

function remedyFor(entry: Tool, env: Env): string {
  const commands = installCommands(entry).map(({ text }) => text);
  if (commands.length === 0) return `Install ${entry.name}, or name another one in [kernel] of auton.toml.`;
  const here = installCommand(entry, env);
  return here === undefined ? `Install it with one of: ${commands.join('; ')}` : `Run: ${here}`;
}

/** By the package manager that this machine has. */
function installCommand(entry: Tool, env: Env): string | undefined {
  const program = (manager: PackageManager) => (manager === 'apt' ? 'apt-get' : manager);
  return installCommands(entry).find(({ manager }) => findProgram(program(manager), env))?.text;
}

/** Containers, where one is root, often have no sudo. */
function runnable(command: string | undefined, env: Env): string | undefined {
  return findProgram('sudo', env) ? command : command?.replace(/^sudo /, '');
}

function installCommands(entry: Tool): { manager: PackageManager; text: string }[] {
  return PACKAGE_MANAGERS.filter((manager) => entry.packages[manager]).map((manager) => ({
    manager,
    text: `${INSTALL[manager]} ${entry.packages[manager]}`,
  }));
}

async function versionOf(path: string, args: string[]): Promise<string | undefined> {
  try {
    const { stdout, stderr } = await promisify(execFile)(path, args, { timeout: 5000 });
    return (stdout || stderr).split('\n', 1)[0]?.trim();
  } catch {
    return undefined;
  }
}
