import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { ArchitectureProfile } from '../../src/kernel/architectures.ts';
import { bootImage } from '../../src/kernel/boot-image.ts';
import { makeArgv } from '../../src/kernel/make.ts';
import type { Evidence } from '../../src/protocol/evidence.ts';
import type { Architecture } from '../../src/protocol/roles.ts';
import { copyReference } from './build.ts';

/** A subsystem that dies in the way its command line asks for. */
const CRASH = join(dirname(fileURLToPath(import.meta.url)), '../fixtures/crash');

export function explain(evidence: Evidence): string {
  return [evidence.summary, ...evidence.findings.map(({ message }) => message), evidence.tail ?? ''].join(
    '\n',
  );
}

/** QEMU's arguments for a machine of the profile with other than its usual parts. */
export function machine(
  profile: ArchitectureProfile,
  kernel: string,
  { cmdline, own = profile.machine, more = [] }: { cmdline: string; own?: string[]; more?: string[] },
): string[] {
  const memory = ['-m', String(profile.memoryMb)];
  const plain = '-accel tcg -nodefaults -display none -serial stdio -no-reboot'.split(' ');
  return [...own, ...memory, ...plain, ...more, '-append', cmdline, '-kernel', bootImage(kernel, profile)];
}

/**
 * What a machine prints until it ends by itself, or has printed `until`. `meanwhile` acts on it, by its debugger's
 * socket if it likes.
 */
export async function serialOf(
  profile: ArchitectureProfile,
  args: string[],
  { until, meanwhile = async () => {} }: { until?: RegExp; meanwhile?: () => Promise<void> } = {},
): Promise<string> {
  const qemu = spawn(profile.qemu, args, { stdio: ['ignore', 'pipe', 'inherit'], timeout: 250_000 });
  let text = '';
  qemu.stdout.on('data', (bytes: Buffer) => {
    text += bytes.toString('latin1');
    if (until?.test(text)) qemu.kill();
  });
  const ended = once(qemu, 'close');
  try {
    await meanwhile();
  } catch (error) {
    qemu.kill(); // it may be halted, and would wait for a debugger forever
    throw error;
  }
  const [code] = (await ended) as [number | null];
  if (code !== 0 && !until?.test(text)) throw new Error(`QEMU ended with ${code ?? 'a signal'}:\n${text}`);
  return text;
}

/** All self-tests that were asked for have run, and none failed; the message has those that did. */
export function assertSelfTestsPassed(serial: string): void {
  assert.deepEqual(serial.match(/^\[TEST\] \w+: FAIL.*$/gm) ?? [], []);
  assert.match(serial, /\[TEST\] \d+ run, 0 failed/);
}

/** A kernel with the subsystem that dies, built in `folder`. */
export async function buildDoomed(architecture: Architecture, folder: string): Promise<string> {
  const { source, out } = await copyReference(architecture, join(folder, 'doomed'));
  cpSync(CRASH, join(source, 'crash'), { recursive: true });
  const [make = '', ...args] = makeArgv({
    ...{ architecture, target: 'kernel', out },
    subsystems: ['boot', 'mm', 'sched', 'crash'],
  });
  execFileSync(make, args, { cwd: source, stdio: ['ignore', 'ignore', 'inherit'] });
  return join(out, 'kernel.elf');
}

/** Arguments of a machine that waits for `debug` on this socket before its first instruction. */
export const halted = (socket: string) => [
  ...['-S', '-chardev', `socket,id=gdb,path=${socket},server=on,wait=off`, '-gdb', 'chardev:gdb'],
];

export interface Debugger {
  /** In hexadecimal digits. */
  read(address: number, bytes: number): Promise<string>;
  write(address: number, bytes: Buffer): Promise<void>;
}

/** Works on a halted machine by GDB's protocol, and lets it run then; its socket is gone afterwards. */
export async function debug(socket: string, work: (gdb: Debugger) => Promise<void>): Promise<void> {
  for (let tries = 0; !existsSync(socket) && tries < 1200; tries++) await sleep(50);
  const gdb = connect(socket);
  const ask = async (packet: string): Promise<string> => {
    const sum = [...packet].reduce((n, c) => (n + c.charCodeAt(0)) & 0xff, 0);
    gdb.write(`$${packet}#${sum.toString(16).padStart(2, '0')}`);
    let answer = '';
    while (!/\$[^#]*#../.test(answer)) answer += String(await once(gdb, 'data'));
    gdb.write('+');
    return /\$([^#]*)#/.exec(answer)![1]!;
  };
  await work({
    read: (address, bytes) => ask(`m${address.toString(16)},${bytes.toString(16)}`),
    write: async (address, bytes) => {
      const written = await ask(
        `M${address.toString(16)},${bytes.length.toString(16)}:${bytes.toString('hex')}`,
      );
      if (written !== 'OK') throw new Error(`QEMU does not write to 0x${address.toString(16)}: ${written}`);
    },
  });
  await ask('D');
  gdb.destroy();
  rmSync(socket, { force: true }); // a next machine's is not to be taken for this one
}
