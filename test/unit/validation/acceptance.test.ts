import assert from 'node:assert/strict';
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ARCHITECTURES } from '../../../src/protocol/roles.ts';
import { loadAcceptanceTests, readSubsystems, selectTests } from '../../../src/validation/acceptance.ts';
import { makeWords } from '../../../src/validation/make-words.ts';
import { bootRegression } from '../../../src/validation/composition.ts';

describe('acceptance tests', () => {
  const tests = loadAcceptanceTests('kernel_spec/tests/acceptance.toml');
  const names = (selection: Parameters<typeof selectTests>[1]) =>
    selectTests(tests, selection).map(({ name }) => name);
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'auton-acceptance-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  it('has a boot test for every architecture', () => {
    for (const architecture of ARCHITECTURES) assert.ok(names({ architecture }).includes('boot_kernel_main'));
    assert.ok(names({ architecture: 'riscv64' }).includes('boot_smode_entry'));
    assert.ok(!names({ architecture: 'x86_64' }).includes('boot_dtb_valid'));
  });

  it('leaves out tests whose needs are not in the kernel', () => {
    assert.ok(!names({ architecture: 'x86_64', subsystems: ['boot', 'sched'] }).includes('sched_priority'));
    assert.ok(
      names({ architecture: 'x86_64', subsystems: ['boot', 'mm', 'sched'] }).includes('sched_priority'),
    );
  });

  it('rejects unknown names with the known ones', () =>
    assert.throws(() => names({ architecture: 'x86_64', names: ['mm_pmm_inti'] }), {
      message: 'There is no acceptance test mm_pmm_inti.',
      remedy: /mm_pmm_init/,
    }));

  it('says what is wrong with a file', () => {
    const file = join(folder, 'a.toml');
    const entry = (text: string) => `[[test]]\nname = "a"\nsubsystem = "b"\n${text}\n`;
    for (const [content, message] of [
      ['[[test', /cannot be used/],
      [entry("patterns = ['(']"), /a pattern of "a"/],
      [entry('patterns = []'), /patterns/],
      [entry("patterns = ['x']\nspeed = 1"), /speed/],
      [entry("patterns = ['x']").repeat(2), /"a" is there twice/],
    ] as const) {
      writeFileSync(file, content);
      assert.throws(() => loadAcceptanceTests(file), message);
    }
    assert.throws(() => loadAcceptanceTests(join(folder, 'none.toml')), /cannot be used/);
  });

  it('reads a workspace subsystems and what they require', () => {
    mkdirSync(join(folder, 'mm'));
    mkdirSync(join(folder, 'ipc'));
    mkdirSync(join(folder, 'lib'));
    writeFileSync(join(folder, 'mm/subsystem.mk'), 'mm_REQUIRES :=\n');
    writeFileSync(join(folder, 'ipc/subsystem.mk'), '# x\nipc_REQUIRES := boot mm  sched # why\n');
    assert.deepEqual(
      [...readSubsystems(folder)],
      [
        ['boot', []],
        ['ipc', ['mm', 'sched']],
        ['mm', []],
      ],
    );
  });
});

describe('words of a make variable', () => {
  const words = (value: string) => makeWords(value, process.cwd());

  it('are those of the value, without a comment', () =>
    assert.deepEqual(words(' boot  mm # why'), ['boot', 'mm']));
  it('depend on the files that are there', () => {
    assert.deepEqual(words('boot $(if $(wildcard package.json),dev mm,none) ipc'), [
      'boot',
      'dev',
      'mm',
      'ipc',
    ]);
    assert.deepEqual(words('$(if $(wildcard no/such.c),dev)$(if $(wildcard no/*.c),,mm) ipc'), ['mm', 'ipc']);
    assert.deepEqual(words('$(if $(wildcard src/protocol/r*s.ts),$(if $(wildcard no),a,b))'), ['b']);
  });
  it('leave out what only make knows', () => {
    assert.deepEqual(words('mm $(shell touch x) $(OTHER) ipc'), ['mm', 'ipc']);
    assert.deepEqual(words('mm $(if'), ['mm', '$(if']);
  });
});

describe('boot time regression', () => {
  it('warns when a boot took clearly longer than usual', () => {
    assert.match(bootRegression(600, [300, 310, 290])?.message ?? '', /600 ms, before 300 ms/);
    assert.equal(bootRegression(600, [300])?.severity, 'warning');
  });
  it('is silent about noise, a first boot and a quicker one', () => {
    assert.equal(bootRegression(390, [300, 310, 290]), undefined);
    assert.equal(bootRegression(90, [50, 50]), undefined);
    assert.equal(bootRegression(900, []), undefined);
    assert.equal(bootRegression(undefined, [300]), undefined);
  });
});
