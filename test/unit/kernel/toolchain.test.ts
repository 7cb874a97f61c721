import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeArgv } from '../../../src/kernel/make.ts';
import { findProgram, inspectToolchain, requireProgram, toolsFor } from '../../../src/kernel/toolchain.ts';

describe('toolchain', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'auton-tools-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  const install = (name: string, mode = 0o755) => {
    writeFileSync(join(folder, name), '#!/bin/sh\necho "tool 1.2.3"\n');
    chmodSync(join(folder, name), mode);
  };

  it('finds executables on PATH and nothing else', () => {
    install('good');
    install('plain', 0o644);
    assert.equal(findProgram('good', { PATH: `/nowhere:${folder}` }), join(folder, 'good'));
    assert.equal(findProgram('plain', { PATH: folder }), undefined);
    assert.equal(findProgram('good', {}), undefined);
    assert.equal(findProgram(join(folder, 'good'), {}), join(folder, 'good'));
  });

  it('says how to install what is missing with the package manager that is there', () => {
    install('dnf');
    assert.throws(() => requireProgram('qemu-system-x86_64', { PATH: folder }), {
      name: 'UserError',
      message: 'qemu-system-x86_64 was not found, it is needed for booting x86_64 kernels.',
      remedy: 'Run: sudo dnf install -y qemu-system-x86-core',
    });
  });

  it('names every package manager where it knows none', () =>
    assert.throws(() => requireProgram('nasm', { PATH: folder }), {
      remedy: /apt-get install -y nasm; .*pacman.*; brew/,
    }));

  it('reports each tool with path, version and remedy', async () => {
    install('make');
    const report = await inspectToolchain('x86_64', { env: { PATH: folder } });
    const make = report.find(({ name }) => name === 'make');
    assert.equal(make?.path, join(folder, 'make'));
    assert.equal(make?.version, 'tool 1.2.3');
    assert.equal(report.find(({ name }) => name === 'nasm')?.path, undefined);
  });

  it('gives the command that installs a tool here, without sudo where there is none', async () => {
    const commandFor = async (name: string) =>
      (await inspectToolchain('x86_64', { env: { PATH: folder } })).find((tool) => tool.name === name)
        ?.install;
    assert.equal(await commandFor('nasm'), undefined);
    install('apt-get');
    assert.equal(await commandFor('nasm'), 'apt-get install -y nasm');
    install('sudo');
    assert.equal(await commandFor('nasm'), 'sudo apt-get install -y nasm');
  });

  it('asks for the configured compiler in the place of the default', () => {
    const names = toolsFor('x86_64', { cc: 'clang', qemu: '/opt/qemu' }).map(({ name }) => name);
    assert.ok(names.includes('clang') && names.includes('/opt/qemu'));
    assert.ok(!names.includes('gcc') && !names.includes('qemu-system-x86_64'));
  });
});

describe('make command', () => {
  it('has the conventions of a workspace', () =>
    assert.deepEqual(
      makeArgv({
        architecture: 'x86_64',
        target: 'compile',
        out: '/o',
        jobs: 3,
        subsystems: ['boot', 'mm'],
        cc: 'clang',
      }),
      [
        'make',
        '-j3',
        '-Otarget',
        'ARCH=x86_64',
        'O=/o',
        'CC=clang',
        'LD=ld',
        'SUBSYSTEMS=boot mm',
        'compile',
      ],
    ));
  it("takes the architecture's own gcc and ld for gcc and ld", () => {
    const argv = makeArgv({
      architecture: 'aarch64',
      target: 'kernel',
      out: '/o',
      jobs: 1,
      cc: 'gcc',
      ld: 'ld',
    });
    assert.deepEqual(argv.slice(5), ['CC=aarch64-linux-gnu-gcc', 'LD=aarch64-linux-gnu-ld']);
  });
});
