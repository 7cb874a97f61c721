import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Sandbox } from '../../../src/tools/sandbox.ts';
import { Workbench } from '../../fixtures/tool-workbench.ts';
import { realSandbox } from '../../fixtures/real-sandbox.ts';

describe('tools in the sandbox', function () {
  let sandbox: Sandbox;
  let bench: Workbench;
  const shell = (command: string, more: object = {}) => bench.call('shell', { command, ...more });

  before(async function () {
    sandbox = await realSandbox(this, { max_file_mb: 16 });
  });
  beforeEach(() => (bench = new Workbench({ sandbox, commandTimeoutMs: 3000 })));
  afterEach(() => bench.remove());

  describe('shell', () => {
    it('shows exit code and output, and fails with the command', async () => {
      assert.deepEqual(await shell('echo hello'), { ok: true, text: 'Exit code 0.\nhello\n' });
      assert.deepEqual(await shell('exit 5'), { ok: false, text: 'Exit code 5.\n(no output)' });
      assert.match((await shell('kill -SEGV $$')).text, /Exit code 139 \(segmentation fault\)/);
    });

    it('runs in a folder of the worktree and nowhere else', async () => {
      mkdirSync(path.join(bench.worktree, 'mm'));
      assert.match((await shell('basename $PWD', { folder: 'mm' })).text, /mm/);
      assert.match((await shell('pwd', { folder: '../output' })).text, /leads out/);
      assert.match((await shell('pwd', { folder: 'none' })).text, /none/);
    });

    it('ends at its own time-out, which cannot exceed the configured one', async () => {
      assert.match((await shell('sleep 20', { timeout_seconds: 0.3 })).text, /time-out of 0\.3 s/);
      assert.match((await shell('sleep 20', { timeout_seconds: 900 })).text, /time-out of 3 s/);
    });

    it('keeps a long output in a file that read_file and search_code read', async () => {
      const { text } = await shell('seq 1 100000');
      assert.ok(text.length < 17_000);
      const name = /"(@output\/[^"]+)"/.exec(text)?.[1];
      assert.ok(name, text.slice(-300));
      const read = await bench.call('read_file', { path: name, first_line: 50_000, last_line: 50_000 });
      assert.match(read.text, /50000\t50000$/);
      const found = await bench.call('search_code', { path: name, pattern: '^77777$' });
      assert.match(found.text, /:77777:77777$/);
      assert.equal(readdirSync(bench.context.outputFolder).length, 1, 'short outputs leave no file');
    });

    it('does not let a link made inside lead write_file or read_file out', async () => {
      const outside = path.join(bench.root, 'outside');
      mkdirSync(outside);
      writeFileSync(path.join(outside, 'key'), 'sk-secret\n');
      await shell(
        `ln -s ${outside} door; ln -s ${outside}/key key; ln -s ${outside}/new new; ln -s /proc/self/environ env`,
      );
      for (const given of ['door/x', 'key', 'new', 'env']) {
        assert.match((await bench.call('write_file', { path: given, content: 'x' })).text, /leads out/);
        assert.match((await bench.call('read_file', { path: given })).text, /leads out/);
      }
      const found = await bench.call('search_code', { pattern: 'sk-secret' });
      assert.match(found.text, /Nothing/);
      assert.match((await bench.call('search_code', { pattern: 'sk', path: 'door' })).text, /leads out/);
      assert.deepEqual(readdirSync(outside), ['key']);
      assert.equal(readFileSync(path.join(outside, 'key'), 'utf8'), 'sk-secret\n');
    });

    it('does not wait for a FIFO made inside', async () => {
      await shell('mkfifo pipe');
      assert.match((await bench.call('read_file', { path: 'pipe' })).text, /not a regular file/);
      assert.match(
        (await bench.call('write_file', { path: 'pipe', content: 'x' })).text,
        /not a regular file/,
      );
      assert.match((await bench.call('search_code', { pattern: 'x' })).text, /Nothing/);
    });

    it('says what stopped a command that fills the disk', async () => {
      const { ok, text } = await shell('head -c 1G /dev/zero >big');
      assert.ok(!ok);
      assert.match(text, /grew beyond the size limit|File too large|File size limit/);
      const { text: many } = await shell('for i in {1..100}; do head -c 15M /dev/zero >f$i; sleep 0.1; done');
      assert.match(many, /Ended before it was done/);
      assert.match(many, /it wrote more than 32 MB/);
      assert.match((await bench.call('shell', { command: 'rm f* big' })).text, /Exit code 0/);
    });

    it('refuses a NUL character', async () => {
      assert.match((await shell('echo a\0b')).text, /NUL/);
    });
  });

  describe('search_code', () => {
    const write = (name: string, text: string) => {
      mkdirSync(path.dirname(path.join(bench.worktree, name)), { recursive: true });
      writeFileSync(path.join(bench.worktree, name), text);
    };
    const search = async (input: object) => (await bench.call('search_code', input)).text;

    beforeEach(() => {
      execFileSync('git', ['init', '-q', bench.worktree]);
      write('mm/pmm.c', 'int pmm_alloc(void);\nint PMM_FREE;\n');
      write('mm/pmm.h', 'int pmm_alloc(void);\n');
      write('build/pmm.c', 'int pmm_alloc(void);\n');
      write('.gitignore', 'build/\n');
      write('odd -name.c', 'odd\n');
      write('binary', 'pmm_alloc\0\n');
    });

    it('finds lines with path and number, without ignored and binary files', async () => {
      const text = await search({ pattern: 'pmm_alloc\\(' });
      assert.equal(text, 'mm/pmm.c:1:int pmm_alloc(void);\nmm/pmm.h:1:int pmm_alloc(void);');
    });

    it('narrows by path, glob and case', async () => {
      assert.equal(await search({ pattern: 'pmm_alloc', glob: '*.h' }), 'mm/pmm.h:1:int pmm_alloc(void);');
      assert.equal(
        await search({ pattern: 'pmm_free', path: 'mm', ignore_case: true }),
        'mm/pmm.c:2:int PMM_FREE;',
      );
      assert.equal(await search({ pattern: 'odd', path: 'odd -name.c' }), 'odd -name.c:1:odd');
    });

    it('says that nothing matches, that a pattern is wrong, that a path is missing', async () => {
      assert.equal(await search({ pattern: 'nowhere' }), 'Nothing in . matches.');
      assert.match(await search({ pattern: '(' }), /Exit code 2.*unclosed group/s);
      assert.equal(await search({ pattern: 'x', path: 'none' }), 'none does not exist.');
    });

    it('takes a pattern that looks like an option or like shell', async () => {
      write('options.txt', '--files\n$(touch out)\n');
      assert.equal(await search({ pattern: '--files' }), 'options.txt:1:--files');
      assert.match(await search({ pattern: '\\$\\(touch' }), /options\.txt:2/);
      assert.ok(!existsSync(path.join(bench.worktree, 'out')));
    });

    it('cuts off many results and says so', async () => {
      write('many.txt', 'hit\n'.repeat(500));
      const text = await search({ pattern: 'hit', max_results: 10 });
      assert.equal(text.split('\n').length, 11);
      assert.match(text, /more results/);
    });

    it('takes time linear in the text for a pattern made to explode', async () => {
      write('evil.txt', `${'a'.repeat(100_000)}b\n`);
      assert.match(await search({ pattern: '(a+)+$' }), /Nothing|evil/);
    });

    it('works the same by git grep where ripgrep is missing', async () => {
      const rg = execFileSync('sh', ['-c', 'command -v rg || true'], { encoding: 'utf8' }).trim();
      const withoutRg: Sandbox = {
        mode: sandbox.mode,
        run: (command) => {
          const argv = command.argv.map((arg) => arg.replace('command -v rg', 'command -v no-such-rg'));
          return sandbox.run({ ...command, argv: argv as [string, ...string[]] });
        },
      };
      bench.context.sandbox = withoutRg;
      assert.equal(
        await search({ pattern: 'pmm_alloc\\(' }),
        'mm/pmm.c:1:int pmm_alloc(void);\nmm/pmm.h:1:int pmm_alloc(void);',
        `ripgrep is ${rg || 'missing'}`,
      );
      assert.equal(await search({ pattern: 'pmm_alloc', glob: '*.h' }), 'mm/pmm.h:1:int pmm_alloc(void);');
      assert.equal(
        await search({ pattern: 'pmm_free', path: 'mm', ignore_case: true }),
        'mm/pmm.c:2:int PMM_FREE;',
      );
      assert.equal(await search({ pattern: 'nowhere' }), 'Nothing in . matches.');
    });
  });
});
