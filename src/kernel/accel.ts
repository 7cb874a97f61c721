import {
  accessSync,
  constants,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { homedir, hostname, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { UserError } from '../protocol/errors.ts';
import type { ArchitectureProfile } from './architectures.ts';
import { payload } from './payload.ts';
import { QemuSession } from './qemu.ts';
import type { Accelerator } from './qemu.ts';
import { requireProgram } from './toolchain.ts';

export interface AcceleratorOptions {
  setting: 'auto' | Accelerator;
  profile: ArchitectureProfile;
  binary?: string | undefined;
  env?: Record<string, string | undefined>;
  /** Where measurements are remembered; the user's cache folder by default. */
  cacheFolder?: string;
  /** What could work here beside `tcg`; found out by default. */
  candidates?: readonly Accelerator[];
  signal?: AbortSignal;
}

/** A measured machine: milliseconds a boot took, null for an accelerator that did not work. */
const measurementSchema = z.object({
  accel: z.enum(['tcg', 'kvm', 'hvf', 'whpx']),
  bootMs: z.record(z.string(), z.number().nullable()),
});
const cacheSchema = z.record(z.string(), measurementSchema);
type Measurement = z.infer<typeof measurementSchema>;

/** A slower accelerator is given up when it has taken so many times as long as `tcg`, and at least this long. */
const GIVE_UP_FACTOR = 2;
const GIVE_UP_MS = 500;
const TCG_TIMEOUT_MS = 20_000;

/**
 * The accelerator to boot with. `auto` boots a tiny payload once per machine with each that could work, because one
 * that is there can still be the slower one (nested virtualisation), and remembers the fastest. `tcg` always works.
 */
export async function chooseAccelerator(options: AcceleratorOptions): Promise<Accelerator> {
  if (options.setting !== 'auto') return options.setting;
  const candidates = options.candidates ?? accelerators(options.profile);
  if (candidates.length === 0) return 'tcg';
  const file = join(options.cacheFolder ?? userCacheFolder(options.env ?? process.env), 'accelerators.json');
  const key = machineKey(options);
  const known = readCache(file);
  const remembered = known[key];
  if (remembered) return remembered.accel;
  const measured = await measure(candidates, options);
  writeCache(file, { ...known, [key]: measured });
  return measured.accel;
}

/** `$XDG_CACHE_HOME/auton` or `~/.cache/auton`. */
export function userCacheFolder(env: Record<string, string | undefined>): string {
  return join(env['XDG_CACHE_HOME'] || join(env['HOME'] || homedir(), '.cache'), 'auton');
}

/** What this machine seems to have for this guest; whether it works and is faster must be tried. */
function accelerators(profile: ArchitectureProfile): Accelerator[] {
  if (process.arch !== profile.hostArch || !payload(profile.name)) return [];
  if (process.platform === 'darwin') return ['hvf'];
  if (process.platform === 'win32') return ['whpx'];
  try {
    accessSync('/dev/kvm', constants.R_OK | constants.W_OK);
    return ['kvm'];
  } catch {
    return [];
  }
}

async function measure(
  candidates: readonly Accelerator[],
  options: AcceleratorOptions,
): Promise<Measurement> {
  const folder = mkdtempSync(join(tmpdir(), 'auton-accel-'));
  const image = join(folder, 'payload.elf');
  try {
    const bytes = payload(options.profile.name);
    if (!bytes) return { accel: 'tcg', bootMs: {} };
    writeFileSync(image, bytes);
    const tcg = await bootMs('tcg', image, TCG_TIMEOUT_MS, options);
    if (tcg === null) {
      throw new UserError(
        `${options.profile.qemu} does not boot even a tiny kernel on this machine.`,
        'Run `auton doctor` and reinstall QEMU; set kernel.accel in auton.toml to skip this measurement.',
      );
    }
    const result: Measurement = { accel: 'tcg', bootMs: { tcg } };
    let best = tcg;
    for (const accel of candidates) {
      const ms = await bootMs(accel, image, Math.max(GIVE_UP_MS, GIVE_UP_FACTOR * tcg), options);
      result.bootMs[accel] = ms;
      if (ms !== null && ms < best) {
        best = ms;
        result.accel = accel;
      }
    }
    return result;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** How long the payload takes from the start of QEMU to its end; null when it does not end as it should. */
async function bootMs(accel: Accelerator, image: string, timeoutMs: number, options: AcceleratorOptions) {
  const { profile, binary, env, signal } = options;
  const session = new QemuSession({
    ...{ profile, image, boot: 'kernel', accel, timeoutMs, memoryMb: 64 },
    ...(binary === undefined ? {} : { binary }),
    ...(env === undefined ? {} : { env }),
    ...(signal === undefined ? {} : { signal }),
  });
  let greeted = false;
  session.serial.onText(() => (greeted = true));
  const exit = await session.exited;
  signal?.throwIfAborted();
  const works = exit.end === 'exited' && exit.code === profile.exit.passed && greeted;
  return works ? performance.now() - session.startedAt : null;
}

/** Another QEMU, system or machine is measured anew. */
function machineKey({ profile, binary, env }: AcceleratorOptions): string {
  const path = requireProgram(binary ?? profile.qemu, env);
  return [hostname(), release(), path, statSync(path).mtimeMs].join(' ');
}

function readCache(file: string): Record<string, Measurement> {
  try {
    return cacheSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return {}; // Missing or damaged: it is only a cache.
  }
}

/** A cache folder that cannot be written costs a measurement per process, not the run. */
function writeCache(file: string, entries: Record<string, Measurement>): void {
  try {
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(`${file}.${process.pid}`, JSON.stringify(entries, null, 2));
    renameSync(`${file}.${process.pid}`, file);
  } catch {
    return;
  }
}
