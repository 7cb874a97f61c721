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

/** The command that builds a workspace; it runs in the workspace's folder. */
export function makeArgv(options: MakeOptions): [string, ...string[]] {
  const profile = PROFILES[options.architecture];
  const cc = options.cc === undefined || options.cc === 'gcc' ? profile.gcc : options.cc;
  const ld = options.ld === undefined || options.ld === 'ld' ? profile.ld : options.ld;
  return [
    'make',
    `-j${options.jobs ?? availableParallelism()}`,
    `ARCH=${options.architecture}`,
    `O=${options.out}`,
    `CC=${cc}`,
    `LD=${ld}`,
    ...(options.as === undefined || options.as === 'nasm' ? [] : [`NASM=${options.as}`]),
    ...(options.subsystems ? [`SUBSYSTEMS=${options.subsystems.join(' ')}`] : []),
    ...(options.target === 'kernel' ? [] : [options.target]),
  ];
}
