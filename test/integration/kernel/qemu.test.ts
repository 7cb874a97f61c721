import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { chooseAccelerator } from '../../../src/kernel/accel.ts';
import { PROFILES } from '../../../src/kernel/architectures.ts';
import { makeIso } from '../../../src/kernel/image.ts';
import { bootInteractive, KernelChat } from '../../../src/kernel/interactive.ts';
import { saveScreen } from '../../../src/kernel/qmp.ts';
import { QemuSession } from '../../../src/kernel/qemu.ts';
import type { QemuOptions } from '../../../src/kernel/qemu.ts';
import { miniKernel } from '../../fixtures/mini-kernel.ts';
import type { MiniKernel } from '../../fixtures/mini-kernel.ts';
import { missingTools } from '../../fixtures/tools.ts';

const profile = PROFILES.x86_64;

/** Processes whose command line names this file. */
function processesWith(file: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const argv = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
        return argv.includes(file) && /qemu-system/.test(argv[0] ?? '');
      } catch {
        return false;
      }
    })
    .map(Number);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function until(condition: () => boolean, what: string): Promise<void> {
  for (let i = 0; i < 200; i++) {
    if (condition()) return;
    await sleep(25);
  }
  assert.fail(`${what} did not happen`);
}

describe('QEMU', () => {
  let mini: MiniKernel;
  let image: string;
  let scratch: string;
  const options = (rest: Partial<QemuOptions> = {}): QemuOptions => ({
    profile,
    image,
    boot: 'kernel',
    timeoutMs: 200_000,
    ...rest,
  });
  before(() => {
    mini = miniKernel();
    image = mini.build();
    scratch = mkdtempSync(join(tmpdir(), 'auton-qemu-'));
  });
  after(() => {
    mini.remove();
    rmSync(scratch, { recursive: true });
  });

  it('boots, shows every line and ends with the kernel status', async () => {
    const log = join(scratch, 'serial.log');
    const session = new QemuSession(
      options({ cmdline: 'test=all exit', serialLog: log, devices: ['user-net'] }),
    );
    const lines: string[] = [];
    session.serial.onLine((line) => lines.push(line));
    assert.deepEqual(await session.exited, { end: 'exited', code: 1, stderr: '' });
    assert.ok(lines.includes('[TEST] alpha_slots: PASS'));
    assert.match(readFileSync(log, 'utf8'), /\[TEST\] gamma_slots: PASS\r\n$/);
  });

  it('saves its screen as a picture by the control socket', async () => {
    const controlSocket = join(scratch, 'qmp, 1');
    const picture = join(scratch, 'screen.png');
    const session = new QemuSession(options({ controlSocket }));
    try {
      await session.waitFor(/auton> $/, 20_000);
      await saveScreen(controlSocket, picture);
      assert.equal(readFileSync(picture).subarray(0, 8).toString('latin1'), '\x89PNG\r\n\x1a\n');
      await assert.rejects(
        saveScreen(controlSocket, join(scratch, 'no/such/folder.png')),
        /could not save the screen/,
      );
    } finally {
      await session.stop();
    }
    await assert.rejects(saveScreen(controlSocket, picture), /does not answer on its control socket/);
  });

  it('waits for a debugger when it is halted', async function () {
    if (missingTools(['gdb']).length > 0) {
      console.log('skipped: gdb is not installed');
      return this.skip();
    }
    const gdbPort = await freePort();
    const session = new QemuSession(options({ gdbPort, halted: true, cmdline: 'test=all exit' }));
    const gdb = ['-batch', '-ex', `target remote localhost:${gdbPort}`, '-ex', 'info registers pc'];
    let said = '';
    for (let tries = 0; !/pc +0x/.test(said) && tries < 50; tries++) {
      said = spawnSync('gdb', gdb, { encoding: 'utf8' }).stdout;
      await sleep(100);
    }
    assert.match(said, /pc +0xfff0/); // the first instruction of the firmware
    assert.equal((await session.exited).code, 1); // gdb let it go when it left
  });

  it('answers at its prompt', async () => {
    const chat = await KernelChat.start(options());
    try {
      assert.match(chat.greeting, /\[BOOT\] OK$/);
      assert.equal(await chat.ask('what is this?'), 'mini kernel: what is this?');
      assert.equal(await chat.ask('and again'), 'mini kernel: and again');
      await assert.rejects(chat.ask('poweroff'), /The kernel ended/);
    } finally {
      await chat.stop();
    }
  });

  it('connects a terminal, which Ctrl-] leaves', async () => {
    const input = new PassThrough();
    const output = new PassThrough();
    let shown = '';
    output.on('data', (bytes: Buffer) => {
      shown += bytes.toString();
      if (shown.endsWith('auton> ') && !shown.includes('hello')) input.write('hello\r');
      if (shown.includes('mini kernel: hello')) input.write('\x1d');
    });
    assert.equal((await bootInteractive(options(), { input, output })).end, 'stopped');
    assert.match(shown, /auton> hello\r\nmini kernel: hello/);
  });

  it('says what QEMU said when there is nothing to boot', async () =>
    assert.rejects(
      KernelChat.start(options({ image: mini.folder + '/Makefile' })),
      /did not reach its prompt \(QEMU: .*kernel/,
    ));

  it('boots from CD with the command line it was given', async () => {
    const iso = join(scratch, 'boot.iso');
    await makeIso({ kernel: image, iso, cmdline: 'test=boot exit' });
    const session = new QemuSession(options({ image: iso, boot: 'iso' }));
    const lines: string[] = [];
    session.serial.onLine((line) => lines.push(line));
    assert.equal((await session.exited).code, 1);
    assert.ok(lines.includes('[BOOT] Multiboot2 magic valid'), lines.join('\n'));
    assert.ok(lines.includes('[BOOT] Command line: test=boot exit'), lines.join('\n'));
  });

  it('is gone when stopped, when its time is up, when aborted', async () => {
    const stopped = new QemuSession(options());
    assert.equal((await stopped.stop()).end, 'stopped');
    assert.equal((await new QemuSession(options({ timeoutMs: 50 })).exited).end, 'timeout');
    const abort = new AbortController();
    const aborted = new QemuSession(options({ signal: abort.signal }));
    abort.abort();
    assert.equal((await aborted.exited).end, 'aborted');
    assert.equal((await new QemuSession(options({ signal: abort.signal })).exited).end, 'aborted');
    assert.deepEqual(processesWith(image), []);
  });

  it('does not outlive the process that started it, even when that is killed', async function () {
    if (process.platform !== 'linux') {
      console.log('      skipped: only Linux ties a process to the life of another');
      return this.skip();
    }
    const program = `
      import { QemuSession } from ${JSON.stringify(join(process.cwd(), 'src/kernel/qemu.ts'))};
      import { PROFILES } from ${JSON.stringify(join(process.cwd(), 'src/kernel/architectures.ts'))};
      new QemuSession({ profile: PROFILES.x86_64, image: ${JSON.stringify(image)}, boot: 'kernel' });`;
    const owner = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: 'inherit' });
    await until(() => processesWith(image).length === 1, 'the start of QEMU');
    owner.kill('SIGKILL');
    await until(() => processesWith(image).length === 0, 'the end of QEMU');
  });

  it('stops a kernel that prints without end, and keeps the log small', async () => {
    const flood = miniKernel('flood');
    try {
      const serialLog = join(scratch, 'flood.log');
      const session = new QemuSession(options({ image: flood.build(), serialLog, maxSerialBytes: 10_000 }));
      assert.equal((await session.exited).end, 'flooded');
      assert.equal(statSync(serialLog).size, 10_000);
    } finally {
      flood.remove();
    }
  });

  it('gives QEMU none of our environment', async () => {
    process.env['SECRET_OF_TEST'] = 'x';
    const session = new QemuSession(options());
    try {
      await session.waitFor(/auton> $/, 10_000);
      const [pid] = processesWith(image);
      assert.doesNotMatch(readFileSync(`/proc/${pid}/environ`, 'utf8'), /SECRET_OF_TEST/);
    } finally {
      delete process.env['SECRET_OF_TEST'];
      await session.stop();
    }
  });

  it('names the remedy when QEMU is missing, and the devices that exist', () => {
    assert.throws(() => new QemuSession(options({ env: { PATH: '' } })), {
      name: 'UserError',
      remedy: /qemu-system-x86/,
    });
    assert.throws(() => new QemuSession(options({ devices: ['floppy'] })), {
      remedy: /Use one of: .*vga, user-net/,
    });
  });
});

describe('accelerator', () => {
  let cacheFolder: string;
  beforeEach(() => (cacheFolder = mkdtempSync(join(tmpdir(), 'auton-cache-'))));
  afterEach(() => rmSync(cacheFolder, { recursive: true }));

  it('is tcg when another one does not work, measured once', async () => {
    // hvf exists on macOS only, whpx on Windows only: one of them cannot work here.
    const absent = process.platform === 'darwin' ? 'whpx' : 'hvf';
    const choose = () => chooseAccelerator({ setting: 'auto', profile, cacheFolder, candidates: [absent] });
    assert.equal(await choose(), 'tcg');
    const file = join(cacheFolder, 'accelerators.json');
    const before = readFileSync(file, 'utf8');
    const [measured] = Object.values(
      JSON.parse(before) as Record<string, { bootMs: Record<string, number | null> }>,
    );
    assert.ok((measured?.bootMs['tcg'] ?? 0) > 0);
    assert.equal(measured?.bootMs[absent], null);
    const written = statSync(file).mtimeMs;
    assert.equal(await choose(), 'tcg');
    assert.equal(statSync(file).mtimeMs, written);
  });

  it('is what the user set, unmeasured', async () => {
    assert.equal(await chooseAccelerator({ setting: 'kvm', profile, cacheFolder }), 'kvm');
    assert.equal(existsSync(join(cacheFolder, 'accelerators.json')), false);
  });
});
