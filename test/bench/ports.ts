import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { assets } from '../../src/config/assets.ts';
import { PROFILES } from '../../src/kernel/architectures.ts';
import { KernelChat } from '../../src/kernel/interactive.ts';
import { makeArgv } from '../../src/kernel/make.ts';
import { QemuSession } from '../../src/kernel/qemu.ts';
import type { Architecture } from '../../src/protocol/roles.ts';
import { median, spread, type Figure } from './figures.ts';

const BOOTS = 15;
/** Seconds from QEMU's start to the prompt. */
const PROMISES: Record<Architecture, number> = { x86_64: 0.4, aarch64: 0.6, riscv64: 0.6 };

/** The reference kernel with every subsystem, on each architecture: how soon it is there and what it takes. */
export async function portFigures(): Promise<Figure[]> {
  const figures: Figure[] = [];
  const folder = mkdtempSync(join(tmpdir(), 'auton-bench-'));
  try {
    for (const architecture of Object.keys(PROMISES) as Architecture[]) {
      figures.push(...(await measure(architecture, join(folder, architecture))));
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return figures;
}

async function measure(architecture: Architecture, out: string): Promise<Figure[]> {
  const [make, ...args] = makeArgv({ architecture, target: 'kernel', out });
  await promisify(execFile)(make, args, { cwd: assets().referenceKernel, maxBuffer: 1 << 26 });
  const profile = PROFILES[architecture];
  const options = { profile, image: join(out, 'kernel.elf'), boot: 'kernel', accel: 'tcg' } as const;
  const boots: number[] = [];
  for (let i = 0; i < BOOTS; i++) {
    const session = new QemuSession({ ...options, devices: profile.interactiveDevices });
    if (!(await session.waitFor(/(?:^|\n)auton> $/, 30_000)))
      throw new Error(`${architecture}: no prompt: ${session.serial.since(0)}`);
    boots.push(performance.now() - session.startedAt);
    await session.stop();
  }
  return [
    {
      name: `Everything on ${architecture}: QEMU start to \`auton> \` (\`-kernel\`, TCG)`,
      value: median(boots) / 1000,
      unit: 's',
      target: { atMost: PROMISES[architecture] },
      note: `${BOOTS} boots with a network card, ${spread(boots, 'ms')}`,
    },
    await memoryAtPrompt(architecture, options),
  ];
}

/** What of its memory the kernel does not call free once it is up. */
async function memoryAtPrompt(
  architecture: Architecture,
  options: ConstructorParameters<typeof QemuSession>[0],
): Promise<Figure> {
  const chat = await KernelChat.start(options);
  try {
    const text = await chat.ask('cat /proc/meminfo');
    const kilobytes = (key: string) => Number(new RegExp(`${key}:\\s+(\\d+) kB`).exec(text)?.[1]);
    const used = (kilobytes('MemTotal') - kilobytes('MemFree')) / 1024;
    if (!Number.isFinite(used)) throw new Error(`${architecture}: /proc/meminfo says no memory: ${text}`);
    return {
      name: `Memory used at the prompt on ${architecture}`,
      value: used,
      unit: 'MB',
      note: `of ${options.profile.memoryMb} MB, with the pool for the SLM`,
    };
  } finally {
    await chat.stop();
  }
}
