import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { acceptanceFile, assets } from '../../src/config/assets.ts';
import { PROFILES } from '../../src/kernel/architectures.ts';
import { KernelChat } from '../../src/kernel/interactive.ts';
import { QemuSession } from '../../src/kernel/qemu.ts';
import { hasCode } from '../../src/protocol/errors.ts';
import { configSchema } from '../../src/protocol/config.ts';
import { loadAcceptanceTests, readSubsystems, selectTests } from '../../src/validation/acceptance.ts';
import { validateBoot } from '../../src/validation/boot.ts';
import { validateBuild } from '../../src/validation/build.ts';
import { kernelOf } from '../../src/validation/record.ts';
import { realSandbox } from '../fixtures/real-sandbox.ts';
import { explain } from './port.ts';

const { referenceKernel, specFolder } = assets();
const acceptance = loadAcceptanceTests(acceptanceFile(specFolder));
const profile = PROFILES.x86_64;

describe('the reference kernel', function () {
  this.timeout(180_000);
  let folder: string;
  const kernels = new Map<string, string>();

  before(async function () {
    folder = mkdtempSync(join(tmpdir(), 'auton-reference-'));
    const sandbox = await realSandbox(this);
    for (const cc of ['gcc', 'clang']) {
      const built = await validateBuild({
        workspace: referenceKernel,
        architecture: 'x86_64',
        target: 'kernel',
        sandbox,
        tools: { ...configSchema.parse({}).kernel, cc },
        timeoutMs: 150_000,
        runFolder: folder,
      });
      assert.ok(built.passed, `${cc}: ${explain(built)}`);
      kernels.set(cc, kernelOf(built, folder)!);
    }
  });
  after(() => rmSync(folder, { recursive: true }));

  const kernel = (cc = 'gcc') => kernels.get(cc)!;
  const boot = (memoryMb: number, cc?: string) =>
    validateBoot({
      kernel: kernel(cc),
      architecture: 'x86_64',
      tests: selectTests(acceptance, {
        architecture: 'x86_64',
        subsystems: [...readSubsystems(referenceKernel).keys()],
      }),
      accel: 'tcg',
      timeoutMs: 90_000,
      memoryMb,
      runFolder: folder,
    });

  for (const cc of ['gcc', 'clang']) {
    it(`built by ${cc} passes every acceptance test of its subsystems`, async () => {
      const booted = await boot(256, cc);
      assert.ok(booted.passed, explain(booted));
      const required = acceptance.filter(
        ({ arch, subsystem, needs }) =>
          arch.includes('x86_64') && ![subsystem, ...needs].includes('slm_neural'),
      );
      assert.deepEqual(booted.tests.map(({ name }) => name).sort(), required.map(({ name }) => name).sort());
    });
  }

  for (const memoryMb of [32, 9 * 1024]) {
    it(`passes with ${memoryMb} MB of memory`, async () => {
      const booted = await boot(memoryMb);
      assert.ok(booted.passed, explain(booted));
    });
  }

  it('answers at its prompt, remembers what it planned and says what it cannot do', async () => {
    const chat = await KernelChat.start({ profile, image: kernel(), boot: 'kernel', accel: 'tcg' });
    try {
      assert.match(await chat.ask('which driver does 8086:100e need?'), /e1000/);
      assert.match(await chat.ask('what is dead:beef?'), /not in my table/i);
      assert.match(await chat.ask('install nginx'), /cannot|no file system/i);
      assert.match(await chat.ask('switch this machine off'), /Plan:/);
      assert.match(await chat.ask('no'), /dropped/);
      assert.match(await chat.ask('ps'), /idle/);
    } finally {
      await chat.stop();
    }
  });

  it('switches the machine off by ACPI', async () => {
    const session = new QemuSession({
      profile,
      image: kernel(),
      boot: 'kernel',
      accel: 'tcg',
      timeoutMs: 30_000,
    });
    assert.ok(await session.waitFor(/auton> $/, 20_000), session.serial.since(0));
    session.write('poweroff\n');
    const { end, code } = await session.exited;
    assert.deepEqual({ end, code }, { end: 'exited', code: 0 });
  });

  it('loses nothing on a serial line that is read late', async () => {
    // The line is a full pipe: until it is emptied, not one byte of the kernel gets through.
    const line = join(folder, 'line');
    execFileSync('mkfifo', [`${line}.in`, `${line}.out`]);
    const pipe = openSync(`${line}.out`, constants.O_RDWR | constants.O_NONBLOCK);
    const junk = fill(pipe);
    const args = ['-accel', 'tcg', '-m', '256', '-nodefaults', '-display', 'none', '-no-reboot'];
    const device = ['-device', 'isa-debug-exit,iobase=0xf4,iosize=0x04', '-append', 'test=boot exit'];
    const qemu = spawn(profile.qemu, [...args, ...device, '-serial', `pipe:${line}`, '-kernel', kernel()], {
      stdio: 'inherit',
      timeout: 60_000,
    });
    const ended = once(qemu, 'exit');
    await sleep(1000);
    let text = '';
    let running = true;
    void ended.then(() => (running = false));
    while (running) {
      text += drain(pipe);
      await sleep(20);
    }
    text = (text + drain(pipe)).slice(junk);
    closeSync(pipe);
    assert.match(text, /^AUTON Kernel booting\r?\n/);
    assert.match(text, /VMM initialized: kernel text read-only, data no-execute\r?\n/);
    assert.match(text, /\[TEST\] \d+ run, 0 failed\r?\n/);
  });
});

/** Fills a pipe to the last byte; returns how many went in. */
function fill(pipe: number): number {
  let bytes = 0;
  for (const size of [4096, 1]) {
    try {
      for (;;) bytes += writeSync(pipe, Buffer.alloc(size, '.'));
    } catch (error) {
      if (!hasCode(error, 'EAGAIN')) throw error;
    }
  }
  return bytes;
}

/** What is in a pipe now. */
function drain(pipe: number): string {
  const buffer = Buffer.alloc(1 << 17);
  let text = '';
  try {
    for (;;) text += buffer.toString('latin1', 0, readSync(pipe, buffer));
  } catch (error) {
    if (!hasCode(error, 'EAGAIN')) throw error;
  }
  return text;
}
