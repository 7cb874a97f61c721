import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadAcceptanceTests } from '../../../src/validation/acceptance.ts';
import { validateBoot } from '../../../src/validation/boot.ts';
import type { BootOptions } from '../../../src/validation/boot.ts';
import { MINI_ACCEPTANCE, miniKernel } from '../../fixtures/mini-kernel.ts';
import type { Fault, MiniKernel } from '../../fixtures/mini-kernel.ts';

/** Their own limits are for machines that are not busy; each test here says its own. */
const TESTS = loadAcceptanceTests(MINI_ACCEPTANCE).map((test) => ({ ...test, timeoutSeconds: 600 }));
const KERNEL_TESTS = TESTS.filter(({ boot }) => boot === 'kernel');

function processesWith(text: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(text);
    } catch {
      return false;
    }
  });
}

describe('boot validator', () => {
  let scratch: string;
  const kernels = new Map<Fault | undefined, { kernel: string; mini: MiniKernel }>();
  before(() => (scratch = mkdtempSync(join(tmpdir(), 'auton-boot-'))));
  after(() => {
    for (const { mini } of kernels.values()) mini.remove();
    rmSync(scratch, { recursive: true });
  });

  const kernelWith = (fault?: Fault): string => {
    let built = kernels.get(fault);
    if (!built) {
      const mini = miniKernel(fault);
      kernels.set(fault, (built = { mini, kernel: mini.build() }));
    }
    return built.kernel;
  };
  const boot = (kernel: string, rest: Partial<BootOptions> = {}) =>
    validateBoot({
      ...{
        kernel,
        architecture: 'x86_64',
        tests: KERNEL_TESTS,
        accel: 'tcg',
        timeoutMs: 200_000,
        runFolder: scratch,
      },
      ...rest,
    });
  /** The summary, errors and failed tests of a boot that must fail and leave nothing behind. */
  const failing = async (kernel: string, rest?: Partial<BootOptions>) => {
    const evidence = await boot(kernel, rest);
    assert.equal(evidence.passed, false, evidence.summary);
    assert.equal(evidence.bootMs, undefined);
    assert.deepEqual(processesWith(kernel), []);
    const failed = evidence.tests.filter((test) => !test.passed);
    return {
      ...evidence,
      failed,
      names: failed.map(({ name }) => name),
      errors: evidence.findings.map(({ message }) => message).join('\n'),
    };
  };

  it('passes on a kernel that prints every line and leaves', async () => {
    const seen: string[] = [];
    const evidence = await boot(kernelWith(), { onSerialLine: (line) => seen.push(line) });
    assert.equal(evidence.passed, true, evidence.summary);
    assert.equal(evidence.tests.length, KERNEL_TESTS.length);
    assert.ok((evidence.bootMs ?? 0) > 0);
    assert.equal(evidence.exitCode, 1);
    assert.ok(seen.includes('[BOOT] OK'));
    const log = evidence.files.find(({ role }) => role === 'serial-log');
    assert.match(readFileSync(join(scratch, log?.path ?? ''), 'utf8'), /\[TEST\] alpha_sum: PASS/);
  });

  it('boots again from CD for the tests that need it', async () => {
    const evidence = await boot(kernelWith(), { tests: TESTS });
    assert.equal(evidence.passed, true, evidence.summary);
    assert.match(evidence.summary, /^9 tests passed in 2 boots/);
  });

  it('fails on a self-test that fails, naming it and its reason', async () => {
    const { names, errors, failed } = await failing(kernelWith('fail'));
    assert.deepEqual(names, ['alpha_slots']);
    assert.match(errors, /\[TEST\] alpha_sum: FAIL - 1 \+ 1 is 3/);
    assert.deepEqual(failed[0]?.missing, ['\\[TEST\\] alpha_sum: PASS']);
  });

  it('fails on a self-test that fails though no acceptance test asked for it', async () => {
    const tests = TESTS.filter(({ name }) => name === 'alpha_init');
    const { names, errors } = await failing(kernelWith('fail'), { tests });
    assert.deepEqual(names, []);
    assert.match(errors, /alpha_sum: FAIL/);
  });

  it('fails on a kernel that hangs, with the missing lines and the last ones', async () => {
    const { errors, failed, tail } = await failing(kernelWith('hang'), { timeoutMs: 10_000 });
    assert.match(errors, /The kernel hung: no end within 10 s, after "\[ALPHA\] Starting"/);
    assert.deepEqual(failed.find(({ name }) => name === 'alpha_init')?.missing, ['\\[ALPHA\\] Initialized']);
    assert.match(tail ?? '', /\[ALPHA\] Starting$/);
  });

  it('fails on a panic, and does not wait for the time-out', async () => {
    const { errors, durationMs } = await failing(kernelWith('panic'), { timeoutMs: 200_000 });
    assert.match(errors, /The kernel panicked: PANIC: planted in alpha/);
    assert.ok(durationMs < 200_000);
  });

  it('fails on a panic after every line was there', async () => {
    const { names, errors } = await failing(kernelWith('late'));
    assert.deepEqual(names, []);
    assert.match(errors, /planted after the tests/);
  });

  it('fails on a triple fault', async () => {
    const { errors } = await failing(kernelWith('triple'));
    assert.match(errors, /reset or switched itself off after "\[ALPHA\] Starting": a triple fault/);
  });

  it('fails on a kernel that prints without end', async function () {
    // Each byte is a port access that QEMU emulates: on a busy machine a megabyte of them takes far longer than a boot.
    this.timeout(400_000);
    const { errors } = await failing(kernelWith('flood'), { timeoutMs: 360_000 });
    assert.match(errors, /printed more than 1 MB/);
  });

  it('fails on files that are no kernel, also when they hold every marker', async () => {
    const junk = join(scratch, 'junk.elf');
    const good = await boot(kernelWith());
    writeFileSync(junk, readFileSync(join(scratch, good.files[0]?.path ?? '')));
    assert.match((await failing(junk)).errors, /junk\.elf is not an ELF file/);
    assert.match((await failing(join(scratch, 'none.elf'))).errors, /there is no none\.elf/);

    const cut = join(scratch, 'cut.elf');
    writeFileSync(cut, readFileSync(kernelWith()).subarray(0, 64));
    assert.match(
      (await failing(cut, { timeoutMs: 2000 })).errors,
      /QEMU ended early with 1: .*cut\.elf|QEMU ended early|hung/,
    );

    const user = join(scratch, 'user.elf');
    writeFileSync(user, readFileSync('/bin/true'));
    assert.match((await failing(user)).errors, /QEMU ended early with 1/);
  });

  it('fails when QEMU is missing, with the remedy', async () => {
    const { errors, names } = await failing(kernelWith(), { env: { PATH: '' } });
    assert.match(errors, /qemu-system-x86_64 was not found.*(?:Run|Install)/);
    assert.equal(names.length, KERNEL_TESTS.length);
  });

  it('fails when QEMU ends early, whatever it printed and with whatever code', async () => {
    const fake = join(scratch, 'early-qemu');
    writeFileSync(fake, '#!/bin/sh\necho "AUTON Kernel booting"\necho "not today" >&2\nexit 7\n');
    chmodSync(fake, 0o755);
    assert.match((await failing(kernelWith(), { qemu: fake })).errors, /QEMU ended early with 7: not today/);
    writeFileSync(fake, '#!/bin/sh\necho "no accelerator" >&2\nexit 1\n');
    assert.match(
      (await failing(kernelWith(), { qemu: fake, tests: [] })).errors,
      /QEMU ended early with 1: no accelerator/,
    );
  });

  it('does not count the self-tests as a part of the boot', async () => {
    const fake = join(scratch, 'slow-tests-qemu');
    const lines = ['[BOOT] OK', '[TEST] one: PASS', '[TEST] two: PASS'];
    writeFileSync(
      fake,
      `#!/bin/sh\necho "${lines[0]}"; echo "${lines[1]}"; sleep 2; echo "${lines[2]}"; exit 1\n`,
    );
    chmodSync(fake, 0o755);
    const [test] = KERNEL_TESTS;
    const patterns = lines.map((line) => line.replace(/[[\]]/g, '\\$&'));
    const evidence = await boot(kernelWith(), { qemu: fake, tests: [{ ...test!, patterns }] });
    assert.ok(evidence.passed, evidence.summary);
    assert.ok(
      evidence.bootMs! < evidence.durationMs - 1500,
      `${evidence.bootMs} of ${evidence.durationMs} ms`,
    );
  });

  it('says that boot media cannot be made', async () => {
    const only = join(scratch, 'bin');
    mkdirSync(only);
    const { errors } = await failing(kernelWith(), {
      env: { PATH: only },
      tests: TESTS.filter(({ boot }) => boot === 'iso'),
    });
    assert.match(errors, /grub-mkrescue was not found/);
  });

  it('rejects with the signal when aborted, and leaves no QEMU', async () => {
    const abort = new AbortController();
    const running = boot(kernelWith('hang'), { signal: abort.signal });
    setTimeout(() => abort.abort(new Error('cancelled by the user')), 200);
    await assert.rejects(running, /cancelled by the user/);
    assert.deepEqual(processesWith(kernelWith('hang')), []);
  });

  it('leaves no QEMU when the validating process is killed', async function () {
    if (process.platform !== 'linux') {
      console.log('      skipped: only Linux ties a process to the life of another');
      return this.skip();
    }
    const kernel = kernelWith('hang');
    const program = `
      import { validateBoot } from ${JSON.stringify(join(process.cwd(), 'src/validation/boot.ts'))};
      await validateBoot({ kernel: ${JSON.stringify(kernel)}, architecture: 'x86_64', tests: [], accel: 'tcg',
        timeoutMs: 60000, runFolder: ${JSON.stringify(scratch)} });`;
    const owner = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: 'inherit' });
    const qemus = () => processesWith(kernel).filter((pid) => pid !== String(owner.pid));
    for (let i = 0; i < 200 && qemus().length === 0; i++) await sleep(25);
    assert.equal(qemus().length, 1, 'QEMU is running');
    owner.kill('SIGKILL');
    for (let i = 0; i < 200 && qemus().length > 0; i++) await sleep(25);
    assert.deepEqual(qemus(), []);
  });
});
