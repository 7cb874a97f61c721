import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { acceptanceFile, assets } from '../../src/config/assets.ts';
import { PROFILES } from '../../src/kernel/architectures.ts';
import { KernelChat } from '../../src/kernel/interactive.ts';
import { configSchema } from '../../src/protocol/config.ts';
import type { Architecture } from '../../src/protocol/roles.ts';
import { loadAcceptanceTests, readSubsystems, selectTests } from '../../src/validation/acceptance.ts';
import { validateBoot } from '../../src/validation/boot.ts';
import { validateBuild } from '../../src/validation/build.ts';
import { kernelOf } from '../../src/validation/record.ts';
import { realSandbox } from '../fixtures/real-sandbox.ts';
import { buildReference } from './build.ts';
import { buildDoomed, explain, machine, serialOf } from './port.ts';

const { referenceKernel, specFolder } = assets();
const acceptance = loadAcceptanceTests(acceptanceFile(specFolder));
const COMPILERS = ['gcc', 'clang'] as const;
type Compiler = (typeof COMPILERS)[number];

export interface Port {
  /** Of this suite's files; there once its tests run. */
  folder(): string;
  kernel(): string;
}

/** What a model in the kernel needs; with less the rules answer, and the tests of the model do not apply. */
const MODEL_MB = 128;

/**
 * What every port must do, as tests of the suite that calls it: pass every acceptance test there is for it, built by
 * either compiler, all that apply with each of `memoriesMb`, and answer at its prompt.
 */
export function portSuite(architecture: Architecture, memoriesMb: readonly number[]): Port {
  const profile = PROFILES[architecture];
  const kernels = new Map<Compiler, string>();
  let folder: string;

  before(async function () {
    this.timeout(600_000); // Both are built anew where nobody has done so before.
    folder = mkdtempSync(join(tmpdir(), `auton-${architecture}-`));
    const sandbox = await realSandbox(this);
    kernels.set('gcc', await buildReference(architecture, join(folder, 'gcc')));
    const built = await validateBuild({
      workspace: referenceKernel,
      architecture,
      target: 'kernel',
      sandbox,
      tools: { ...configSchema.parse({}).kernel, cc: 'clang' },
      timeoutMs: 580_000,
      runFolder: folder,
    });
    assert.ok(built.passed, explain(built));
    kernels.set('clang', kernelOf(built, folder)!);
  });
  after(() => rmSync(folder, { recursive: true }));

  const kernel = (cc: Compiler = 'gcc') => kernels.get(cc)!;
  const boot = async ({ cc, memoryMb = profile.memoryMb }: { cc?: Compiler; memoryMb?: number }) => {
    const subsystems = [...readSubsystems(referenceKernel).keys()].filter(
      (name) => name !== 'slm_model' || memoryMb >= MODEL_MB,
    );
    const booted = await validateBoot({
      kernel: kernel(cc),
      architecture,
      tests: selectTests(acceptance, { architecture, subsystems }),
      accel: 'tcg',
      timeoutMs: 250_000,
      memoryMb,
      runFolder: folder,
    });
    assert.ok(booted.passed, explain(booted));
    return booted.tests.map(({ name }) => name);
  };

  for (const cc of COMPILERS) {
    it(`built by ${cc} passes every acceptance test`, async () => {
      const all = selectTests(acceptance, { architecture }).map(({ name }) => name);
      assert.deepEqual((await boot({ cc })).sort(), all.sort());
    });
  }

  for (const memoryMb of memoriesMb) {
    it(`passes with ${memoryMb} MB of memory`, () => boot({ memoryMb }));
  }

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

  it('keeps what is typed or pasted while it is busy with a line', async () => {
    const chat = await KernelChat.start({ profile, image: kernel(), boot: 'kernel', accel: 'tcg' });
    const lines = Array.from({ length: 40 }, (_, i) => `line ${i} of those that were pasted together`);
    try {
      const from = chat.session.serial.end;
      chat.session.write(['test mm', ...lines.map((line) => `write -a /pasted ${line}`), ''].join('\n'));
      await chat.session.waitFor(/line 39 of [^]*auton> $/, 30_000, from);
      assert.deepEqual((await chat.ask('cat /pasted')).trim().split(/\r?\n/), lines);
    } finally {
      await chat.stop();
    }
  });

  return { folder: () => folder, kernel };
}

/** A way in which a kernel dies, what it must say then, and the function that it must name. */
export type Death = [how: string, words: RegExp, at: string];

/** Each death is told by its last words and the way that led there, and the machine ends by itself. */
export function deathSuite(architecture: Architecture, port: Port, deaths: readonly Death[]): void {
  const profile = PROFILES[architecture];
  describe('dies', () => {
    let doomed: string;
    before(async () => (doomed = await buildDoomed(architecture, port.folder())));

    for (const [how, words, at] of deaths) {
      it(`of "${how}" with its last words and the way it came there`, async () => {
        const serial = await serialOf(profile, machine(profile, doomed, { cmdline: `crash=${how} exit` }));
        assert.match(serial, words, serial);
        assert.match(serial, new RegExp(`#\\d 0x[0-9a-f]{16} ${at}\\+0x[^]* thread_first_code\\+0x`), serial);
        assert.doesNotMatch(serial, /still alive/);
      });
    }
  });
}
