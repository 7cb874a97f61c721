import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { isIgnored, readIgnoreFile } from '../../../src/git/ignore.ts';

const PATTERNS = [
  ...[
    '*.o',
    'build/',
    'build',
    '/build',
    '/build/',
    'build-*/',
    '*',
    '*/',
    '/*',
    'sub/build',
    'sub/*',
    '*/build',
  ],
  ...[
    '**/build',
    '/**/build',
    'sub/**/x.o',
    'a.b',
    'x.o  ',
    '!x.o',
    '!/x.o',
    '!sub/',
    '# x.o',
    'a+b',
    '(x)',
    '$',
  ],
  ...['ü*', 'x*o', '*.tar.gz', '.*', '!.keep', 'sub/build/', '/sub/**/deep/*.o', '-', '^', '{a,b}'],
];

const PATHS = [
  ...[
    'x.o',
    'build',
    'build/x.o',
    'build-1/x.o',
    'sub/x.o',
    'sub/build/x.o',
    'sub/build/deep/x.o',
    'a.b',
    'aXb',
  ],
  ...[
    'sub/deep/x.o',
    'sub/a/deep/x.o',
    'a+b',
    '(x)',
    '$',
    'über',
    'xo',
    'x..o',
    'y.tar.gz',
    '.keep',
    '.hidden',
  ],
  ...['-', '^', '{a,b}', 'a', 'sub/sub/build', 'builds', 'sub/builds/x', 'x.o  '],
];

describe('ignore patterns', () => {
  it('mean what git says they mean, alone and in pairs', () => {
    const folder = mkdtempSync(join(tmpdir(), 'auton-ignore-'));
    try {
      execFileSync('git', ['init', '-q', folder]);
      // Whether a path is a folder is part of the question: each is tried in a tree of its own.
      const kinds = PATHS.map((path) => ({
        path,
        ends: PATHS.some((other) => other.startsWith(`${path}/`)),
      }));
      for (const { path, ends } of kinds) {
        const file = join(folder, path);
        mkdirSync(ends ? file : dirname(file), { recursive: true });
        if (!ends) writeFileSync(file, '');
      }
      const sets = PATTERNS.flatMap((one, at) => [
        [one],
        ...PATTERNS.slice(at + 1).flatMap((two, n) =>
          (at + n) % 5 === 0
            ? [
                [one, two],
                [two, one],
              ]
            : [],
        ),
      ]);
      for (const set of sets) {
        const text = `${set.join('\n')}\n`;
        writeFileSync(join(folder, '.gitignore'), text);
        const rules = readIgnoreFile(text, '');
        assert.ok(rules, text);
        const asked = spawnSync(
          'git',
          ['-C', folder, '-c', 'core.quotePath=false', 'check-ignore', '--stdin', '-z'],
          {
            input: PATHS.join('\0'),
            encoding: 'utf8',
          },
        );
        const expected = asked.stdout.split('\0').filter(Boolean);
        const found = kinds.filter(({ path, ends }) => {
          const folders = path.split('/').slice(0, -1);
          const above = folders.map((_, n) => folders.slice(0, n + 1).join('/'));
          return above.some((name) => isIgnored(name, true, [rules])) || isIgnored(path, ends, [rules]);
        });
        assert.deepEqual(found.map(({ path }) => path).sort(), expected.sort(), JSON.stringify(set));
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('are left to git where they are of another kind', () => {
    for (const pattern of [
      '[ab].o',
      'x\\ ',
      '\\#x',
      'fo?',
      'a**b',
      'sub/**',
      '**/',
      'a\r',
      'a//b',
      '!',
      '/',
    ]) {
      assert.equal(readIgnoreFile(`*.o\n${pattern}\n`, ''), null, pattern);
    }
  });

  it('of a deeper folder decide before those above, for what is below it', () => {
    const top = readIgnoreFile('*.o\n/here/\n', '')!;
    const deep = readIgnoreFile('!keep.o\n/only.c\n', 'sub/')!;
    const ignored = (path: string) => isIgnored(path, false, [top, deep]);
    assert.deepEqual(['sub/x.o', 'sub/keep.o', 'sub/only.c', 'sub/a/only.c', 'sub/a/keep.o'].map(ignored), [
      true,
      false,
      true,
      false,
      false,
    ]);
  });
});
