import { availableParallelism } from 'node:os';
import type { Architecture } from '../protocol/roles.ts';
import type { BuildTarget } from '../protocol/task.ts';
import { PROFILES } from './architectures.ts';

export interface MakeOptions {
  architecture: Architecture;
  target: BuildTarget;
  /** Absolute; objects and `kernel.elf` go here. */
  out: string;
  /** Only these and what they require; everything when absent. */
  subsystems?: readonly string[];
  /** As configured; "gcc" means the architecture's own. */
  cc?: string;
  ld?: string;
  as?: string;
  jobs?: number;
}

/** The programs a build calls: as configured, where "gcc" and "ld" mean those of the architecture. */
export function buildTools(architecture: Architecture, chosen: { cc?: string; ld?: string; as?: string }) {
  const profile = PROFILES[architecture];
  return {
    cc: chosen.cc === undefined || chosen.cc === 'gcc' ? profile.gcc : chosen.cc,
    ld: chosen.ld === undefined || chosen.ld === 'ld' ? profile.ld : chosen.ld,
    as: architecture === 'x86_64' ? (chosen.as ?? 'nasm') : undefined,
  };
}

/** The command that builds a workspace; it runs in the workspace's folder. */
export function makeArgv(options: MakeOptions): [string, ...string[]] {
  const { cc, ld, as } = buildTools(options.architecture, options);
  return [
    'make',
    `-j${options.jobs ?? availableParallelism()}`,
    // What two compilers say at the same time stays apart, line by line.
    '-Otarget',
    `ARCH=${options.architecture}`,
    `O=${options.out}`,
    `CC=${cc}`,
    `LD=${ld}`,
    ...(as === undefined || as === 'nasm' ? [] : [`NASM=${as}`]),
    ...(options.subsystems ? [`SUBSYSTEMS=${options.subsystems.join(' ')}`] : []),
    ...(options.target === 'kernel' ? [] : [options.target]),
  ];
}
