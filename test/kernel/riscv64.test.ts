import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { acceptanceFile, assets } from '../../src/config/assets.ts';
import { PROFILES } from '../../src/kernel/architectures.ts';
import { KernelChat } from '../../src/kernel/interactive.ts';
import { makeArgv } from '../../src/kernel/make.ts';
import { configSchema } from '../../src/protocol/config.ts';
import { loadAcceptanceTests, readSubsystems, selectTests } from '../../src/validation/acceptance.ts';
import { validateBoot } from '../../src/validation/boot.ts';
import { validateBuild } from '../../src/validation/build.ts';
import { kernelOf } from '../../src/validation/record.ts';
import { realSandbox } from '../fixtures/real-sandbox.ts';
import { explain } from './port.ts';
import { installForUBoot } from './setup/u-boot.ts';

const { referenceKernel, specFolder } = assets();
const acceptance = loadAcceptanceTests(acceptanceFile(specFolder));
const profile = PROFILES.riscv64;
const defaults = configSchema.parse({}).kernel;
/** Subsystem that dies in the way its command line asks for. */
const crashFolder = join(dirname(fileURLToPath(import.meta.url)), '../fixtures/crash');

/** Address in QEMU's boot ROM of the number of the hart that the firmware shall start on. */
const BOOT_HART = 0x1050;
const FIRMWARE_INFO_MAGIC = '4f534249';

function machine(kernel: string, cmdline: string, more: string[] = []): string[] {
  const fixed = [
    '-accel',
    'tcg',
    '-nodefaults',
    '-display',
    'none',
    '-serial',
    'stdio',
    '-no-reboot',
    '-m',
    '128',
  ];
  return [...profile.machine, ...fixed, '-append', cmdline, ...more, '-kernel', kernel];
}

describe('the reference kernel on RISC-V 64', function () {
  this.timeout(180_000);
  let folder: string;
  const kernels = new Map<string, string>();

  before(async function () {
    folder = mkdtempSync(join(tmpdir(), 'auton-riscv64-'));
    const sandbox = await realSandbox(this);
    for (const cc of ['gcc', 'clang']) {
      const built = await validateBuild({
        workspace: referenceKernel,
        architecture: 'riscv64',
        target: 'kernel',
        sandbox,
        tools: { ...defaults, cc },
        timeoutMs: 150_000,
        runFolder: folder,
      });
      assert.ok(built.passed, `${cc}: ${explain(built)}`);
      kernels.set(cc, kernelOf(built, folder)!);
    }
  });
  after(() => rmSync(folder, { recursive: true }));

  const kernel = (cc = 'gcc') => kernels.get(cc)!;
  const boot = (memoryMb?: number, cc?: string) =>
    validateBoot({
      kernel: kernel(cc),
      architecture: 'riscv64',
      tests: selectTests(acceptance, {
        architecture: 'riscv64',
        subsystems: [...readSubsystems(referenceKernel).keys()],
      }),
      accel: 'tcg',
      timeoutMs: 90_000,
      ...(memoryMb ? { memoryMb } : {}),
      runFolder: folder,
    });

  for (const cc of ['gcc', 'clang']) {
    it(`built by ${cc} passes every acceptance test of its subsystems`, async () => {
      const booted = await boot(undefined, cc);
      assert.ok(booted.passed, explain(booted));
      const passed = booted.tests.map(({ name }) => name);
      for (const own of ['boot_dtb_valid', 'boot_smode_entry', 'driver_ns16550', 'slm_hw_discovery'])
        assert.ok(passed.includes(own), `${own} did not run`);
    });
  }

  it('installs itself on a disk that U-Boot starts', async function () {
    await installForUBoot(this, profile, kernel(), folder);
  });

  for (const memoryMb of [64, 4096]) {
    it(`passes with ${memoryMb} MB of memory`, async () => {
      const booted = await boot(memoryMb);
      assert.ok(booted.passed, explain(booted));
    });
  }

  it('runs on one of two harts, whichever the firmware starts it on', async () => {
    const socket = join(folder, 'gdb');
    const debug = [
      '-smp',
      '2',
      '-S',
      '-chardev',
      `socket,id=gdb,path=${socket},server=on,wait=off`,
      '-gdb',
      'chardev:gdb',
    ];
    const qemu = spawn(profile.qemu, machine(kernel(), 'test=all exit', debug), {
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: 60_000,
    });
    const text = textOf(qemu);
    await startOnHart(socket, 1);
    const serial = await text;
    assert.match(serial, /\[BOOT\] Running in S-mode on hart 1/);
    assert.match(serial, /\[BOOT\] Hardware summary: 128 MB RAM, 2 CPU/);
    assert.match(serial, /\[TEST\] \d+ run, 0 failed/);
  });

  it('answers at its prompt, knows the time and switches the machine off', async () => {
    const chat = await KernelChat.start({ profile, image: kernel(), boot: 'kernel', accel: 'tcg' });
    try {
      assert.match(await chat.ask('which driver does 8086:100e need?'), /e1000/);
      assert.match(await chat.ask('date'), new RegExp(`${new Date().getUTCFullYear()}-`));
      chat.session.write('poweroff\n');
      const { end, code } = await chat.session.exited;
      assert.deepEqual({ end, code }, { end: 'exited', code: 0 });
    } finally {
      await chat.stop();
    }
  });

  it('builds and boots with nothing but what every kernel has', () => {
    const bare = make(referenceKernel, join(folder, 'bare'), ['boot']);
    const { stdout } = spawnSync(profile.qemu, machine(bare, 'test=boot exit'), {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: 30_000,
    });
    assert.match(stdout, /\[TEST\] \d+ run, 0 failed/);
  });

  describe('dies', () => {
    let doomed: string;
    before(function () {
      const source = join(folder, 'doomed');
      cpSync(referenceKernel, source, { recursive: true, filter: (path) => !path.endsWith('/build') });
      cpSync(crashFolder, join(source, 'crash'), { recursive: true });
      doomed = make(source, join(folder, 'doomed-build'), ['boot', 'mm', 'sched', 'crash']);
    });

    const ways: [how: string, words: RegExp, at: string][] = [
      ['panic', /KERNEL PANIC: asked to, 1 times/, 'by_panic'],
      [
        'null',
        /EXCEPTION 13: Load page fault[^]*unmapped memory at 0x0+8 \(kernel\): null pointer/,
        'by_null_pointer',
      ],
      ['text', /EXCEPTION 15: Store page fault[^]*Write of protected memory/, 'by_writing_text'],
      ['jump', /EXCEPTION 12: Instruction page fault/, 'by_jump_to_null'],
      ['data', /EXCEPTION 12: Instruction page fault[^]*Execution of protected memory/, 'by_executing_data'],
      ['overflow', /EXCEPTION 15[^]*guard page[^]*recurse\+0x[^]*and \d+ times more/, 'by_overflow'],
    ];
    for (const [how, words, at] of ways) {
      it(`of "${how}" with its last words and the way it came there`, () => {
        const { stdout, status } = spawnSync(profile.qemu, machine(doomed, `crash=${how} exit`), {
          encoding: 'utf8',
          stdio: ['ignore', 'pipe', 'inherit'],
          timeout: 30_000,
        });
        assert.equal(status, 0, `the machine did not end by itself:\n${stdout}`);
        assert.match(stdout, words);
        assert.match(stdout, new RegExp(`#\\d 0x[0-9a-f]{16} ${at}\\+0x[^]* thread_first_code\\+0x`));
        assert.doesNotMatch(stdout, /still alive/);
      });
    }
  });
});

/** The kernel that is made of these subsystems. */
function make(cwd: string, out: string, subsystems: string[]): string {
  const [program = '', ...args] = makeArgv({
    ...{ architecture: 'riscv64', target: 'kernel', out, subsystems, ...defaults },
  });
  execFileSync(program, args, { cwd, stdio: ['ignore', 'ignore', 'inherit'] });
  return join(out, 'kernel.elf');
}

async function textOf(qemu: ChildProcess): Promise<string> {
  let text = '';
  qemu.stdout?.on('data', (bytes: Buffer) => (text += bytes.toString('latin1')));
  await once(qemu, 'close');
  return text;
}

/** By GDB's protocol: changes the hart that the firmware of a halted machine will start on, and lets it run. */
async function startOnHart(socket: string, hart: number): Promise<void> {
  for (let tries = 0; !existsSync(socket) && tries < 200; tries++) await sleep(50);
  const gdb = connect(socket);
  const ask = async (packet: string): Promise<string> => {
    const sum = [...packet].reduce((n, c) => (n + c.charCodeAt(0)) & 0xff, 0);
    gdb.write(`$${packet}#${sum.toString(16).padStart(2, '0')}`);
    let answer = '';
    while (!/\$[^#]*#../.test(answer)) answer += String(await once(gdb, 'data'));
    gdb.write('+');
    return /\$([^#]*)#/.exec(answer)![1]!;
  };
  // The magic number of OpenSBI's start information stands five words of 64 bits before the hart's number.
  const magic = await ask(`m${(BOOT_HART - 40).toString(16)},4`);
  assert.equal(magic, FIRMWARE_INFO_MAGIC, 'QEMU keeps its start information elsewhere');
  const number = Buffer.alloc(8);
  number.writeBigUInt64LE(BigInt(hart));
  assert.equal(await ask(`M${BOOT_HART.toString(16)},8:${number.toString('hex')}`), 'OK');
  assert.equal(await ask('D'), 'OK');
  gdb.destroy();
}
