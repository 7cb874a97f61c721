import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { AUTON } from '../../fixtures/program.ts';

const ROOT = resolve(import.meta.dirname, '../../..');

interface Matcher {
  name: string;
  severity: string;
  pattern: Record<'regexp' | 'file' | 'line' | 'message', string | number> & {
    severity?: number;
    code?: number;
  };
}
const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  contributes: { problemMatchers: Matcher[] };
};
const matchers = manifest.contributes.problemMatchers;

/** What the editor would list: the first matcher that fits a line makes its problem. */
function problems(log: string): string[] {
  return log.split('\n').flatMap((line) => {
    for (const { name, pattern, severity } of matchers) {
      const match = new RegExp(pattern.regexp as string).exec(line);
      if (!match) continue;
      const group = (index: string | number | undefined) => (index === undefined ? '' : match[Number(index)]);
      const level = group(pattern.severity) || severity;
      const code = group(pattern.code);
      const place = `${group(pattern.file)}:${group(pattern.line)}`;
      return [`${name} ${place} ${level} ${group(pattern.message)}${code ? ` (${code})` : ''}`];
    }
    return [];
  });
}

const MAKEFILE = `CC := gcc
LD := ld
all: $(O)/kernel.elf
$(O)/main.o: main.c
	$(CC) -ffreestanding -c -o $@ $<
$(O)/boot.o: boot.asm
	nasm -f elf64 -o $@ $<
$(O)/kernel.elf: $(O)/main.o $(O)/boot.o
	$(LD) -T kernel.ld -o $@ $^
`;
const FILES = {
  Makefile: MAKEFILE,
  'main.c': 'void _start(void);\nvoid _start(void) {\n    for (;;) {\n    }\n}\n',
  'boot.asm': 'section .text\nglobal early\nearly:\n    ret\n',
  'kernel.ld': 'SECTIONS {\n    . = 1M;\n    .text : { *(.text) }\n}\n',
};

describe('problem matchers on what the tools really print', () => {
  let folder: string;
  const env = { ...process.env, NO_COLOR: '1', XDG_CONFIG_HOME: '/nonexistent' };
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'auton-matchers-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  function build(changed: Partial<typeof FILES>, cc = 'gcc'): string[] {
    const source = join(folder, 'kernels/x86_64');
    mkdirSync(source, { recursive: true });
    for (const [name, text] of Object.entries({ ...FILES, ...changed }))
      writeFileSync(join(source, name), text);
    writeFileSync(join(folder, 'auton.toml'), `[kernel]\ncc = "${cc}"\n`);
    const { stdout, stderr } = spawnSync(process.execPath, [AUTON, 'kernel', 'build', '--log'], {
      ...{ cwd: folder, env, encoding: 'utf8' },
    });
    return problems(stdout + stderr);
  }
  const planted = (line: string) => `${FILES['main.c']}${line}\n`;

  it('finds no problem in a build that succeeds', () => assert.deepEqual(build({}), []));

  it('finds what gcc says, with the name of a warning as its code', () => {
    assert.deepEqual(build({ 'main.c': planted('#include "nothing.h"') }), [
      'auton-gcc kernels/x86_64/main.c:6 error nothing.h: No such file or directory',
    ]);
    assert.deepEqual(build({ 'main.c': planted('static int unused;') }), [
      'auton-gcc kernels/x86_64/main.c:6 error ‘unused’ defined but not used (unused-variable)',
    ]);
  });

  it('finds what clang says, in the same form', () => {
    assert.deepEqual(build({ 'main.c': planted('#include "nothing.h"') }, 'clang'), [
      "auton-gcc kernels/x86_64/main.c:6 error 'nothing.h' file not found",
    ]);
    assert.deepEqual(build({ 'main.c': planted('static int unused;') }, 'clang'), [
      "auton-gcc kernels/x86_64/main.c:6 error unused variable 'unused' (unused-variable)",
    ]);
  });

  it('finds what nasm says', () => {
    assert.deepEqual(build({ 'boot.asm': `${FILES['boot.asm']}    mov eax, nowhere\n` }), [
      "auton-nasm kernels/x86_64/boot.asm:5 error symbol `nowhere' not defined",
    ]);
    assert.deepEqual(build({ 'boot.asm': `${FILES['boot.asm']}    mov al, 300\n` }), [
      'auton-nasm kernels/x86_64/boot.asm:5 error byte data exceeds bounds (number-overflow)',
    ]);
  });

  it('finds what ld says about the source and about its script', () => {
    const calls = 'void missing(void);\nvoid early(void);\nvoid early(void) {\n    missing();\n}';
    const [twice, undefinedReference, ...rest] = build({ 'main.c': planted(calls) });
    assert.match(twice ?? '', /^auton-ld .*boot\.asm:\d+ error multiple definition of `early'/);
    assert.match(
      undefinedReference ?? '',
      /^auton-ld .*kernels\/x86_64\/main\.c:9 error undefined reference to `missing'$/,
    );
    assert.deepEqual(rest, []);
    assert.deepEqual(build({ 'kernel.ld': 'SECTIONS {\n    nonsense }\n' }), [
      'auton-ld-script kernels/x86_64/kernel.ld:2 error syntax error',
    ]);
  });

  it('finds what make says', () => {
    assert.deepEqual(build({ Makefile: `${MAKEFILE}nonsense\n` }), [
      'auton-make kernels/x86_64/Makefile:10 error missing separator.  Stop.',
    ]);
  });
});
