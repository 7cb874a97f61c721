import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TestList, ValidateEvent } from '../../../src/protocol/validate-events.ts';
import { AUTON } from '../../fixtures/program.ts';

const ROOT = resolve(import.meta.dirname, '../../..');

describe('auton on a kernel of the folder', () => {
  let folder: string;
  let source: string;
  const env = { ...process.env, NO_COLOR: '1', XDG_CONFIG_HOME: '/nonexistent' };

  beforeEach(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'auton-cli-kernel-')));
    source = join(folder, 'kernels/x86_64');
    cpSync(join(ROOT, 'kernels/mini'), source, { recursive: true });
    // Its tests are the specification of this folder.
    cpSync(join(ROOT, 'kernels/mini/acceptance.toml'), join(folder, 'spec/tests/acceptance.toml'));
    writeFileSync(join(folder, 'auton.toml'), '[workspace]\nspec = "spec"\n');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const auton = (...args: string[]) =>
    spawnSync(process.execPath, [AUTON, ...args], { cwd: folder, env, encoding: 'utf8' });
  const start = (...args: string[]) =>
    spawn(process.execPath, [AUTON, ...args], { cwd: folder, env, stdio: ['pipe', 'pipe', 'pipe'] });

  /** Processes whose command line names something of this folder. */
  const left = () =>
    readdirSync('/proc').filter((pid) => {
      try {
        return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(folder);
      } catch {
        return false; // it has ended meanwhile
      }
    });
  async function until(condition: () => boolean, what: string): Promise<void> {
    for (let i = 0; i < 4000; i++) {
      if (condition()) return;
      await sleep(25);
    }
    assert.fail(`${what} did not happen`);
  }

  it('says which kernel a boot takes, and where a build leaves it', () => {
    const which = JSON.parse(auton('kernel', 'which', '--json').stdout) as Record<string, unknown>;
    const built = join(source, 'build/kernel.elf');
    assert.deepEqual(which, { architecture: 'x86_64', source, kernel: null, built });
    assert.equal(auton('kernel', 'build').status, 0);
    assert.ok(existsSync(built));
  });

  it('shows what the compiler says as it says it, with files named from here', () => {
    writeFileSync(join(source, 'alpha/broken.c'), '#include "nothing.h"\n');
    const { stdout, status } = auton('kernel', 'build', '--log');
    assert.equal(status, 1);
    assert.match(stdout, /^kernels\/x86_64\/alpha\/broken\.c:1:10: fatal error: nothing\.h/m);
    assert.match(stdout, /build {2}The build failed: kernels\/x86_64\/alpha\/broken\.c:1: nothing\.h/);
    assert.equal(stdout.match(/fatal error: nothing\.h/g)?.length, 1);
  });

  it('lists the acceptance tests with their places and why some cannot be run', () => {
    const list = JSON.parse(auton('validate', '--list', '--json').stdout) as TestList;
    assert.equal(list.file, join(folder, 'spec/tests/acceptance.toml'));
    const lines = readFileSync(list.file, 'utf8').split('\n');
    const [x86, ...others] = list.architectures;
    assert.ok(x86);
    assert.equal(x86.reason, null);
    assert.ok(x86.tests.length > 3);
    for (const { name, line } of x86.tests) assert.match(lines[line - 1]!, new RegExp(`name = "${name}"`));
    for (const { name, reason } of others)
      assert.ok(reason !== null || existsSync(`/usr/bin/qemu-system-${name}`));

    rmSync(join(source, 'gamma'), { recursive: true });
    const without = JSON.parse(auton('validate', '--list', '--json').stdout) as TestList;
    const gamma = without.architectures[0]!.tests.find(({ subsystem }) => subsystem === 'gamma');
    assert.match(gamma?.reason ?? '', /The kernel has no gamma/);
  });

  it('runs the tests that are named and tells each outcome as it is clear', () => {
    writeFileSync(join(source, 'FAULT'), 'fail\n');
    const { tests } = (JSON.parse(auton('validate', '--list', '--json').stdout) as TestList)
      .architectures[0]!;
    const names = tests.slice(0, 2).map(({ name }) => name);
    const { stdout } = auton('validate', '--only', names.join(','), '--events');
    const events = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as ValidateEvent);
    const told = events.flatMap((event) => (event.type === 'test' ? [event.result.name] : []));
    assert.deepEqual(told.toSorted(), names.toSorted());
    assert.ok(events.some((event) => event.type === 'output' && event.from === 'serial'));
    assert.equal(
      events.findLastIndex(({ type }) => type === 'evidence'),
      events.length - 1,
    );
    assert.match(auton('validate', '--only', 'nonsense', '--events').stderr, /no acceptance test nonsense/);
  });

  it('does not take a QEMU that refuses the image for a kernel that went well', () => {
    const junk = join(folder, 'junk.elf');
    writeFileSync(junk, 'AUTON Kernel booting\n[BOOT] OK\n');
    const { stderr, status } = auton('kernel', 'boot', '--image', junk);
    assert.equal(status, 1);
    assert.match(stderr, /QEMU could not boot .*junk\.elf: .*invalid kernel header/);
    assert.doesNotMatch(stderr, /all went well/);
  });

  it('names a port that is in use', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const { stderr, status } = auton('kernel', 'boot', '--gdb', String(port));
    server.close();
    assert.equal(status, 1);
    assert.match(stderr, new RegExp(`Port ${port} is in use\\.\\n.*--gdb`));
  });

  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGKILL'] as const) {
    it(`leaves no QEMU behind when it gets ${signal}`, async () => {
      const boot = start('kernel', 'boot', '--control', join(folder, 'qmp'));
      await until(() => existsSync(join(folder, 'qmp')), 'the boot');
      assert.ok(left().length >= 2);
      boot.kill(signal);
      await once(boot, 'exit');
      await until(() => left().length === 0, 'the end of QEMU');
    });
  }

  it('leaves no compiler behind when a build is interrupted', async () => {
    const ruleThatHangs = `all:\n\tsleep 1000 # ${folder}\n`;
    writeFileSync(join(source, 'Makefile'), ruleThatHangs);
    const build = start('kernel', 'build', '--log');
    await until(() => left().length >= 2, 'the build');
    await sleep(200);
    build.kill('SIGTERM');
    const [code] = (await once(build, 'exit')) as [number];
    assert.equal(code, 130);
    await until(() => left().length === 0, 'the end of make');
  });
});
