import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { hasCode } from '../../protocol/errors.ts';
import type { SandboxLimits } from '../sandbox.ts';

/** A folder of a cgroup hierarchy in which groups can be made, and the files that limit a group in it. */
interface Hierarchy {
  folder: string;
  pids: string | undefined;
  memory: string | undefined;
}

/** Every group of this process, to be removed at its end. */
const made: string[] = [];

/** Processes of the wrapper that count too: bash, bubblewrap twice, cat. */
const WRAPPER_PROCESSES = 4;

/**
 * Control groups for commands, kept and used again. They are what limits the processes of uid 0, for which the kernel
 * ignores RLIMIT_NPROC, and the memory of a whole process tree.
 */
export class CgroupPool {
  readonly #hierarchies: Hierarchy[];
  readonly #limits: SandboxLimits;
  readonly #free: string[][] = [];

  private constructor(hierarchies: Hierarchy[], limits: SandboxLimits) {
    this.#hierarchies = hierarchies;
    this.#limits = limits;
  }

  /** undefined where this process may not make groups that limit processes, as in most containers. */
  static open(limits: SandboxLimits): CgroupPool | undefined {
    const hierarchies = findHierarchies();
    if (!hierarchies.some(({ pids }) => pids)) return undefined;
    hierarchies.forEach(({ folder }) => removeLeftovers(folder));
    const pool = new CgroupPool(hierarchies, limits);
    const group = pool.#tryOne();
    if (!group) return undefined;
    pool.release(group);
    return pool;
  }

  /** The `cgroup.procs` files that a command writes its own process id to before it starts anything. */
  take(): string[] {
    return this.#free.pop() ?? this.#create();
  }

  /** To be called when all processes of the group have ended. */
  release(group: string[]): void {
    this.#free.push(group);
  }

  /** A group that a process could really join; undefined where that is forbidden. */
  #tryOne(): string[] | undefined {
    try {
      const group = this.#create();
      const join = 'for file; do echo $$ >"$file" || exit; done';
      return spawnSync('sh', ['-c', join, 'sh', ...group], { stdio: 'ignore' }).status === 0
        ? group
        : undefined;
    } catch (error) {
      if (['EACCES', 'EPERM', 'EROFS', 'ENOENT', 'EINVAL'].some((code) => hasCode(error, code)))
        return undefined;
      throw error;
    }
  }

  #create(): string[] {
    if (made.length === 0) process.once('exit', () => made.forEach(removeGroup));
    const name = `auton-${process.pid}-${made.length}`;
    return this.#hierarchies.map(({ folder, pids, memory }) => {
      const group = path.join(folder, name);
      mkdirSync(group);
      made.push(group);
      if (pids) writeFileSync(path.join(group, pids), String(this.#limits.max_processes + WRAPPER_PROCESSES));
      if (memory) writeFileSync(path.join(group, memory), String(this.#limits.memory_mb * 2 ** 20));
      return path.join(group, 'cgroup.procs');
    });
  }
}

function removeGroup(group: string): void {
  try {
    rmdirSync(group);
  } catch {
    // Still in use by a process that is just ending; the next engine removes it.
  }
}

/** Groups of engines that were killed. */
function removeLeftovers(folder: string): void {
  for (const name of readdirSync(folder)) {
    const owner = /^auton-(\d+)-\d+$/.exec(name);
    if (owner && !existsSync(`/proc/${owner[1]}`)) removeGroup(path.join(folder, name));
  }
}

function findHierarchies(): Hierarchy[] {
  const own = readLines('/proc/self/cgroup').map((line) => {
    const [, controllers = '', folder = ''] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    return { controllers: controllers.split(','), folder };
  });
  const mounts = readLines('/proc/self/mountinfo').flatMap((line) => {
    const [, root, point, type, options] =
      /^\d+ \d+ \S+ (\S+) (\S+) .*? - (cgroup2?) \S+ (\S+)$/.exec(line) ?? [];
    return root && point && type && options ? [{ root, point, type, options: options.split(',') }] : [];
  });

  const unified = own.find(({ controllers }) => controllers[0] === '');
  const unifiedMount = mounts.find(({ type }) => type === 'cgroup2');
  const folder =
    unified && unifiedMount && delegated(placeOf(unified.folder, unifiedMount), unifiedMount.point);
  if (folder) {
    const memory = controllersBelow(folder).includes('memory') ? 'memory.max' : undefined;
    return [{ folder, pids: 'pids.max', memory }];
  }

  return ['pids', 'memory'].flatMap((controller) => {
    const group = own.find(({ controllers }) => controllers.includes(controller));
    const mount = mounts.find(({ type, options }) => type === 'cgroup' && options.includes(controller));
    if (!group || !mount) return [];
    return [
      {
        folder: placeOf(group.folder, mount),
        pids: controller === 'pids' ? 'pids.max' : undefined,
        memory: controller === 'memory' ? 'memory.limit_in_bytes' : undefined,
      },
    ];
  });
}

/** Version 2 limits a group only where its parent hands the controller down, and a group with processes cannot. */
function delegated(folder: string, top: string): string | undefined {
  for (let place = folder; ; place = path.dirname(place)) {
    if (controllersBelow(place).includes('pids')) return place;
    if (place === top || place === '/') return undefined;
  }
}

function controllersBelow(folder: string): string[] {
  return readLines(path.join(folder, 'cgroup.subtree_control')).flatMap((line) => line.split(' '));
}

function placeOf(group: string, mount: { root: string; point: string }): string {
  const inside = mount.root === '/' ? group : path.posix.relative(mount.root, group);
  return path.posix.join(mount.point, inside.startsWith('..') ? '' : inside);
}

function readLines(file: string): string[] {
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
}
