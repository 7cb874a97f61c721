import assert from 'node:assert/strict';
import { parseBuildLog } from '../../../src/validation/diagnostics.ts';

function parse(log: string) {
  return parseBuildLog(log, '/ws').map(
    (f) => `${f.severity} ${f.file ?? '-'}:${f.line ?? '-'}:${f.column ?? '-'} ${f.message}`,
  );
}

describe('build log parser', () => {
  it('reads gcc and clang messages, with absolute files made relative', () => {
    const log = [
      "mm/pmm.c: In function 'init':",
      "mm/pmm.c:12:5: error: 'x' undeclared (first use in this function)",
      '/ws/mm/vmm.c:3:10: fatal error: nothing.h: No such file or directory',
      './a.c:1:2: warning: unused variable [-Wunused-variable]',
      'compilation terminated.',
      'make: *** [Makefile:34: out/mm/pmm.o] Error 1',
      'make: *** Waiting for unfinished jobs....',
    ].join('\n');
    assert.deepEqual(parse(log), [
      "error mm/pmm.c:12:5 'x' undeclared (first use in this function)",
      'error mm/vmm.c:3:10 nothing.h: No such file or directory',
      'warning a.c:1:2 unused variable [-Wunused-variable]',
    ]);
  });

  it('reads nasm, ld and lld messages', () => {
    const log = [
      "arch/x86_64/boot.asm:7: error: symbol `nowhere' not defined",
      "ld: out/kernel.o: in function `kernel_main':",
      "kernel/main.c:20: undefined reference to `mm_init'",
      "ld: out/a.o:(.text+0x5): undefined reference to `other'",
      'ld: warning: kernel.elf has a LOAD segment with RWX permissions',
      'ld.lld: error: undefined symbol: third',
      '>>> referenced by main.c:5 (kernel/main.c:5)',
    ].join('\n');
    assert.deepEqual(parse(log), [
      "error arch/x86_64/boot.asm:7:- symbol `nowhere' not defined",
      "error kernel/main.c:20:- undefined reference to `mm_init'",
      "error out/a.o:-:- undefined reference to `other'",
      'warning -:-:- kernel.elf has a LOAD segment with RWX permissions',
      'error main.c:5:- undefined symbol: third',
    ]);
  });

  it('reads the places that ld takes from debug information, and those in its script', () => {
    const log = [
      'ld: /out/time.o:/ws/kernel/time.c:21: multiple definition of `twice`; /out/main.o:/ws/main.c:68: first defined here',
      '/ws/kernel/main.c:66: undefined reference to `missing`',
      'ld:arch/x86_64/linker.ld:21: syntax error',
    ].join('\n');
    assert.deepEqual(parse(log), [
      'error kernel/time.c:21:- multiple definition of `twice`; /out/main.o:/ws/main.c:68: first defined here',
      'error kernel/main.c:66:- undefined reference to `missing`',
      'error arch/x86_64/linker.ld:21:- syntax error',
    ]);
  });

  it('keeps what make says when nothing else tells the cause', () => {
    assert.deepEqual(parse("make: *** No rule to make target 'x.c', needed by 'x.o'.  Stop."), [
      "error -:-:- No rule to make target 'x.c', needed by 'x.o'.  Stop.",
    ]);
    assert.deepEqual(parse('Makefile:3: *** no such subsystem: foo.  Stop.'), [
      'error Makefile:3:- no such subsystem: foo.  Stop.',
    ]);
    assert.deepEqual(parse('make: *** [Makefile:9: all] Error 2'), ['error Makefile:9:- all] Error 2']);
  });

  it('finds nothing in a clean log', () => assert.deepEqual(parse('CC  mm/pmm.c\nLD  kernel.elf\n'), []));
});
