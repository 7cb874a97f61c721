import { strict as assert } from 'node:assert';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../../..');
const kernel = join(root, 'kernels/reference');
const sources = ['acpi_tables', 'acpi_aml', 'pci_scan', 'pci_bar', 'pci_config', 'device'];

describe('the kernel’s readers of firmware tables and PCI configuration space', () => {
  let folder: string;
  let fuzz: string;

  before(async function () {
    folder = await mkdtemp(join(tmpdir(), 'auton-fuzz-'));
    fuzz = join(folder, 'fuzz');
    const includes = ['include', 'arch/x86_64/include', 'dev'].map((path) => `-I${join(kernel, path)}`);
    execFileSync('gcc', [
      ...['-std=gnu11', '-O1', '-g', '-Wall', '-Wextra', '-Werror', '-fno-builtin'],
      ...['-fsanitize=address,undefined', '-fno-sanitize-recover=all', ...includes, '-o', fuzz],
      join(root, 'test/kernel/dev/fuzz.c'),
      ...sources.map((name) => join(kernel, `dev/${name}.c`)),
    ]);
  });

  after(() => rm(folder, { recursive: true, force: true }));

  for (const seed of ['1', '2', '3'])
    it(`stay inside their input and finish, whatever it says (seed ${seed})`, () => {
      const run = spawnSync(fuzz, ['10000', seed], { timeout: 250_000, encoding: 'utf8' });
      assert.equal(run.status, 0, run.stderr);
      assert.equal(run.stdout.trimEnd(), '10000 rounds');
    });
});
