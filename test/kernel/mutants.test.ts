import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parse } from 'smol-toml';
import { z } from 'zod';
import { PROFILES } from '../../src/kernel/architectures.ts';
import { makeArgv } from '../../src/kernel/make.ts';
import { QemuSession } from '../../src/kernel/qemu.ts';
import { findProgram } from '../../src/kernel/toolchain.ts';
import { copyReference } from './build.ts';

const mutantSchema = z.strictObject({
  name: z.string(),
  /** The file of the kernel, and what is changed in it. */
  ...{ file: z.string(), find: z.string(), with: z.string() },
  /** Whose self-tests must notice. */
  subsystem: z.string(),
});
const { mutant: mutants } = z
  .strictObject({ mutant: z.array(mutantSchema) })
  .parse(parse(readFileSync(join(import.meta.dirname, 'mutants.toml'), 'utf8')));

const run = promisify(execFile);
const profile = PROFILES.x86_64;
/** A kernel that hangs is caught too, but soon; the one as it is has all the time that a slow machine takes. */
const HUNG_MS = 20_000;
const ALL_PASSED = /^\[TEST\] [1-9]\d* run, 0 failed\r?$/m;

describe('the self-tests of the kernel', () => {
  let folder: string;
  let kernel: { source: string; out: string };

  before(async function () {
    this.timeout(600_000); // It is built anew where nobody has done so before.
    if (!findProgram(profile.qemu, process.env)) {
      console.log(`    ${profile.qemu} is missing`);
      this.skip();
    }
    folder = mkdtempSync(join(tmpdir(), 'auton-mutants-'));
    kernel = await copyReference('x86_64', folder);
    await make();
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  async function make() {
    const [program, ...args] = makeArgv({ architecture: 'x86_64', target: 'kernel', out: kernel.out });
    await run(program, ['-s', ...args], { cwd: kernel.source });
  }

  /** What the tests of these subsystems printed, and whether all was well. */
  async function test(subsystem: string, timeoutMs = HUNG_MS): Promise<{ passed: boolean; text: string }> {
    const session = new QemuSession({
      ...{ profile, image: join(kernel.out, 'kernel.elf'), boot: 'kernel', accel: 'tcg', memoryMb: 128 },
      ...{ cmdline: `test=${subsystem} exit`, devices: Object.keys(profile.devices).slice(0, 1) },
      timeoutMs,
    });
    const { end, code } = await session.exited;
    const text = session.serial.since(0);
    return { passed: end === 'exited' && code === profile.exit.passed && ALL_PASSED.test(text), text };
  }

  it('all pass on the kernel as it is', async () => {
    const { passed, text } = await test('all', 240_000);
    assert.ok(passed, text);
  });

  for (const { name, file, subsystem, find, with: replacement } of mutants) {
    it(`notice when ${name}`, async () => {
      const path = join(kernel.source, file);
      const source = readFileSync(path, 'utf8');
      assert.equal(source.split(find).length, 2, `"${find}" must stand exactly once in ${file}`);
      writeFileSync(
        path,
        source.replace(find, () => replacement),
      );
      try {
        await make();
        const { passed, text } = await test(subsystem);
        assert.ok(!passed, `every test of ${subsystem} passed:\n${text}`);
      } finally {
        writeFileSync(path, source);
      }
    });
  }
});
