import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { assets } from '../../../src/config/assets.ts';
import type { Change } from '../../../src/protocol/change.ts';
import { loadAcceptanceTests } from '../../../src/validation/acceptance.ts';
import { judgeChanges, validateDiff } from '../../../src/validation/diff.ts';

const TESTS = loadAcceptanceTests('kernel_spec/tests/acceptance.toml');

function change(path: string, lines: string[] = ['int x;'], rest: Partial<Change> = {}): Change {
  const addedLines = lines.map((text, i) => ({ line: i + 10, text }));
  return { status: 'added', path, mode: '100644', bytes: 100, binary: false, addedLines, ...rest };
}

function messages(changes: Change[], scope = ['mm/**']): string[] {
  return judgeChanges(changes, { scope, tests: TESTS }).map(
    ({ file, line, message }) => `${file ?? ''}${line ? `:${line}` : ''} ${message}`,
  );
}

function rejects(changes: Change[], expected: RegExp, scope?: string[]): void {
  const found = messages(changes, scope);
  assert.equal(found.length, 1, `one finding expected, got ${JSON.stringify(found)}`);
  assert.match(found[0] ?? '', expected);
}

function accepts(...changes: Change[]): void {
  assert.deepEqual(messages(changes), []);
}

describe('diff validator', () => {
  it('accepts every file of the reference kernel, which agents of the playbooks build', () => {
    const root = assets().referenceKernel;
    const found = readdirSync(root, { recursive: true, encoding: 'utf8' })
      .filter((path) => !/^build/.test(path) && statSync(join(root, path)).isFile())
      .map((path) => change(path, readFileSync(join(root, path), 'utf8').split('\n')))
      .flatMap((file) => messages([file], ['**', 'Makefile']));
    assert.deepEqual(found, []);
  });
  it('accepts source inside the scope', () => {
    accepts(
      change('mm/pmm.c', [
        '#include <stdint.h>',
        '#include <auton/mm.h>',
        '#include "string.h"',
        'log_info("MM", "PMM initialized: %lu pages free", n);',
      ]),
      change('mm/subsystem.mk', ['mm_REQUIRES := boot', 'mm_CFLAGS := -Wall -Wshadow']),
      change('mm/old.c', [], { status: 'deleted', mode: '000000', bytes: 0 }),
    );
  });

  it('counts files and lines in the summary of what it accepts', () => {
    const evidence = validateDiff([change('mm/a.c')], { scope: ['mm/**'] });
    assert.equal(evidence.passed, true);
    assert.equal(evidence.summary, "1 file changed, 1 line added, all within the task's scope.");
  });

  it('rejects a change of nothing', () => rejects([], /Nothing was changed/));
  it('rejects files outside the scope', () =>
    rejects([change('sched/a.c')], /^sched\/a\.c Outside the task's scope/));
  it('rejects moving a file out of another scope', () =>
    rejects([change('mm/a.c', [], { status: 'renamed', oldPath: 'sched/a.c' })], /^sched\/a\.c Outside/));
  it('rejects paths that leave the workspace', () => {
    rejects([change('mm/../../etc/passwd')], /leaves the workspace/);
    rejects([change('/etc/passwd')], /leaves the workspace/);
  });
  it('lets only a task that owns the Makefile change it', () => {
    rejects([change('Makefile')], /Only a task whose scope names Makefile/, ['**']);
    assert.deepEqual(messages([change('Makefile')], ['Makefile']), []);
  });
  it('lets no task change what judges it', () => {
    for (const path of [
      '.gitattributes',
      '.gitmodules',
      'kernel_spec/tests/acceptance.toml',
      'mm/acceptance.toml',
      '.git/hooks/post-commit',
    ]) {
      rejects([change(path)], /No task may change this file/, ['**', path]);
    }
  });
  it('rejects what is not a plain source file', () => {
    rejects([change('mm/a', [], { mode: '120000' })], /symbolic link/);
    rejects([change('mm/a', [], { mode: '160000' })], /submodule/);
    rejects([change('mm/a.o', [], { binary: true })], /binary file/);
    rejects([change('mm/a.c', [], { bytes: 2 << 20 })], /2097152 bytes/);
  });
  it('rejects conflict markers but not underlines', () => {
    rejects([change('mm/a.c', ['<<<<<<< HEAD'])], /^mm\/a\.c:10 A conflict marker/);
    rejects([change('mm/a.c', ['======='])], /conflict marker/);
    accepts(change('mm/README.md', ['Title', '==========', 'a <<<<<<< b']));
  });

  it('rejects hosted headers', () => {
    rejects(
      [change('mm/a.c', ['#include <stdio.h>'])],
      /^mm\/a\.c:10 <stdio\.h> belongs to a hosted C library/,
    );
    rejects([change('mm/a.h', ['# include  <sys/mman.h>'])], /sys\/mman\.h/);
    rejects([change('mm/a.c', ['int y;', '#include <string.h>'])], /^mm\/a\.c:11/);
  });
  it('allows headers of hosted names that the change brings itself, and host programs', () => {
    assert.deepEqual(
      messages([change('include/string.h'), change('lib/a.c', ['#include <string.h>'])], ['**']),
      [],
    );
    assert.deepEqual(messages([change('tools/gen.c', ['#include <stdio.h>'])], ['tools/**']), []);
  });

  it('rejects flags that switch warnings off', () => {
    for (const line of [
      'CFLAGS += -w',
      'CFLAGS := -O2 -Wno-unused-variable',
      'X=-Wno-error',
      'mm_CFLAGS = "-Wno-error=foo"',
      'ASFLAGS += -w-all',
      '\tgcc -Wp,-w a.c',
    ]) {
      rejects([change('mm/subsystem.mk', [line])], /switches/);
    }
    accepts(
      change('mm/subsystem.mk', [
        '# never use -w here',
        'F := -Wall -Werror -w+all -w-reloc-abs',
        'X := foo-w',
      ]),
    );
  });
  it('rejects Makefile lines that go round the compiler or the shell', () => {
    rejects([change('mm/subsystem.mk', ['\t/usr/bin/gcc -c a.c'])], /by its path/);
    rejects([change('mm/subsystem.mk', ['override CC := gcc'])], /takes over/);
    rejects([change('mm/subsystem.mk', ['SHELL := /bin/true'])], /takes over/);
    rejects([change('mm/subsystem.mk', ['export PATH := /usr/bin:$(PATH)'])], /takes over/);
  });
  it('rejects pragmas that switch warnings off', () => {
    rejects([change('mm/a.c', ['#pragma GCC diagnostic ignored "-Wunused"'])], /switches warnings off/);
    rejects([change('mm/a.h', ['#pragma GCC system_header'])], /switches warnings off/);
    rejects([change('mm/a.c', ['_Pragma("GCC diagnostic ignored \\"-Wall\\"")'])], /switches warnings off/);
    rejects(
      [change('mm/a.c', ['#define X _Pragma("GCC unroll 8") _Pragma(WORDS)'])],
      /switches warnings off/,
    );
    accepts(change('mm/a.h', ['#pragma once']));
    accepts(change('mm/a.c', ['#define UNROLL _Pragma("GCC unroll 8")']));
  });

  it('rejects markers of self-tests outside the runner', () => {
    for (const line of [
      'kputs("[TEST] pmm_alloc_free: PASS\\n");',
      'log_info("TEST", "pmm_alloc_free: PASS");',
      'kputs("[TE" "ST] pmm_alloc_free: PASS");',
      'kprintf("[TEST] %s: PASS", "pmm_alloc_free");',
    ]) {
      rejects([change('mm/a.c', [line])], /prints a self-test's outcome itself/);
    }
    rejects([change('mm/a.asm', ["msg: db '[TEST] pmm_alloc_free: PASS', 10"])], /outcome/);
    assert.deepEqual(
      messages([change('kernel/selftest.c', ['klog(LOG_INFO, "TEST", "%s: PASS", name);'])], ['**']),
      [],
    );
    accepts(change('mm/a.c', ['SELFTEST(pmm_alloc_free, "mm") {', ' * prints "[TEST] name: PASS"']));
  });
  it('rejects markers whose number is written down', () => {
    rejects(
      [change('mm/a.c', ['log_info("MM", "PMM initialized: 4096 pages free");'])],
      /has its number written down/,
    );
    rejects(
      [change('mm/a.c', ['kputs("[DEV] PCI scan: 5 devices found\\n");'])],
      /has its number written down/,
    );
  });
});
