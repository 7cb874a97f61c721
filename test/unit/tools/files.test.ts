import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Workbench } from '../../fixtures/tool-workbench.ts';

describe('file tools', () => {
  let bench: Workbench;
  const inside = (name: string) => path.join(bench.worktree, name);

  beforeEach(() => (bench = new Workbench()));
  afterEach(() => bench.remove());

  describe('read_file', () => {
    it('numbers the lines', async () => {
      writeFileSync(inside('a.c'), 'one\ntwo\nthree\n');
      const { ok, text } = await bench.call('read_file', { path: 'a.c' });
      assert.ok(ok);
      assert.equal(text, '[a.c, lines 1 to 3 of 3]\n1\tone\n2\ttwo\n3\tthree');
    });

    it('shows a range', async () => {
      writeFileSync(inside('a.c'), Array.from({ length: 100 }, (_, i) => `line ${i + 1}`).join('\n'));
      const { text } = await bench.call('read_file', { path: 'a.c', first_line: 99, last_line: 200 });
      assert.equal(text, '[a.c, lines 99 to 100 of 100]\n 99\tline 99\n100\tline 100');
      const beyond = await bench.call('read_file', { path: 'a.c', first_line: 101 });
      assert.deepEqual(beyond, { ok: false, text: 'a.c has 100 lines.' });
    });

    it('says that a file is missing, empty, a folder or binary', async () => {
      writeFileSync(inside('empty'), '');
      mkdirSync(inside('folder'));
      writeFileSync(inside('binary'), Buffer.from([0x7f, 0x45, 0, 1]));
      const read = async (name: string) => (await bench.call('read_file', { path: name })).text;
      assert.equal(await read('none'), 'none does not exist.');
      assert.equal(await read('empty'), 'empty is empty.');
      assert.match(await read('folder'), /is a folder\. Use list_files/);
      assert.match(await read('binary'), /is binary \(4 bytes\)/);
    });

    it('reads a file that is not UTF-8 and says so', async () => {
      writeFileSync(inside('latin1.txt'), Buffer.from('caf\xe9\n', 'latin1'));
      const { text } = await bench.call('read_file', { path: 'latin1.txt' });
      assert.match(text, /not UTF-8/);
      assert.match(text, /caf\uFFFD/);
    });

    it('refuses a FIFO and a device at once', async () => {
      execFileSync('mkfifo', [inside('fifo')]);
      symlinkSync('/dev/zero', inside('zero'));
      assert.match((await bench.call('read_file', { path: 'fifo' })).text, /not a regular file/);
      assert.match((await bench.call('read_file', { path: 'zero' })).text, /leads out/);
    });

    it('shortens very long lines', async () => {
      writeFileSync(inside('long'), 'x'.repeat(50_000));
      const { text } = await bench.call('read_file', { path: 'long' });
      assert.match(text, /\[\.\.\. 48000 more characters\]$/);
    });

    it('reads long outputs by their alias, and nothing else of that name', async () => {
      writeFileSync(path.join(bench.context.outputFolder, 'shell-1.txt'), 'all of it\n');
      const { text } = await bench.call('read_file', { path: '@output/shell-1.txt' });
      assert.match(text, /1\tall of it/);
      const out = await bench.call('read_file', { path: '@output/../worktree/a.c' });
      assert.match(out.text, /leads out/);
    });
  });

  describe('paths', () => {
    const outside = () => path.join(bench.root, 'outside.txt');

    beforeEach(() => writeFileSync(outside(), 'secret\n'));

    for (const [name, given] of [
      ['a relative path', '../outside.txt'],
      ['a path through a folder that is not there', 'x/../../outside.txt'],
      ['an absolute path', '/etc/passwd'],
      ['the folder above', '..'],
    ] as const) {
      it(`refuses ${name} that leads out, for reading and for writing`, async () => {
        assert.match((await bench.call('read_file', { path: given })).text, /leads out of your worktree/);
        const written = await bench.call('write_file', { path: given, content: 'x' });
        assert.match(written.text, /leads out of your worktree/);
        assert.equal(readFileSync(outside(), 'utf8'), 'secret\n');
      });
    }

    it('takes an absolute path into the worktree', async () => {
      assert.ok((await bench.call('write_file', { path: inside('a.c'), content: 'x\n' })).ok);
      assert.equal(readFileSync(inside('a.c'), 'utf8'), 'x\n');
    });

    it('works in a worktree that is reached over a link', async () => {
      const link = path.join(bench.root, 'link');
      symlinkSync(bench.worktree, link);
      bench.context.worktree = link;
      assert.ok((await bench.call('write_file', { path: 'mm/a.c', content: 'x\n' })).ok);
      assert.match(
        (await bench.call('read_file', { path: path.join(link, 'mm/a.c') })).text,
        /^\[mm\/a\.c, /,
      );
      assert.match((await bench.call('list_files', {})).text, /^mm\/\nmm\/a\.c/);
      assert.match((await bench.call('read_file', { path: '../outside.txt' })).text, /leads out/);
    });

    it('follows links that stay inside', async () => {
      mkdirSync(inside('real'));
      symlinkSync('real', inside('link'));
      symlinkSync(inside('link'), inside('absolute'));
      assert.ok((await bench.call('write_file', { path: 'absolute/a.c', content: 'x\n' })).ok);
      assert.equal(readFileSync(inside('real/a.c'), 'utf8'), 'x\n');
    });

    it('refuses links that lead out: to a file, to a folder, dangling, in a chain and in a loop', async () => {
      symlinkSync('../outside.txt', inside('file'));
      symlinkSync('..', inside('folder'));
      symlinkSync('../created.txt', inside('dangling'));
      symlinkSync('file', inside('chain'));
      symlinkSync('loop', inside('loop'));
      for (const given of ['file', 'folder/outside.txt', 'dangling', 'chain', 'folder/new/deep.txt']) {
        for (const [tool, input] of [
          ['read_file', { path: given }],
          ['write_file', { path: given, content: 'x' }],
          ['edit_file', { path: given, old_text: 'secret', new_text: 'x' }],
        ] as const) {
          assert.match(
            (await bench.call(tool, input)).text,
            /leads out of your worktree/,
            `${tool} ${given}`,
          );
        }
      }
      assert.match((await bench.call('read_file', { path: 'loop' })).text, /too many symbolic links/);
      assert.equal(readFileSync(outside(), 'utf8'), 'secret\n');
      assert.ok(!existsSync(path.join(bench.root, 'created.txt')));
      assert.ok(!existsSync(path.join(bench.root, 'new')));
    });

    it('keeps .git to git, also behind a link and in other spelling', async () => {
      mkdirSync(inside('.git/hooks'), { recursive: true });
      symlinkSync('.git', inside('innocent'));
      for (const given of ['.git/config', '.GIT/config', 'innocent/hooks/post-commit', 'sub/.git', '.git']) {
        const { ok, text } = await bench.call('write_file', { path: given, content: 'x' });
        assert.ok(!ok);
        assert.match(text, /belongs to git/, given);
      }
      assert.match((await bench.call('list_files', { path: 'innocent' })).text, /belongs to git/);
      assert.ok(!existsSync(inside('.git/config')));
    });

    it('refuses a NUL character', async () => {
      assert.match((await bench.call('read_file', { path: 'a\0b' })).text, /NUL/);
    });
  });

  describe('write_file', () => {
    it('makes the folders it needs and says what it wrote', async () => {
      const { text } = await bench.call('write_file', { path: 'mm/new/pmm.c', content: 'a\nb\n' });
      assert.equal(text, 'Wrote mm/new/pmm.c: 2 lines, 4 bytes.');
      assert.equal(readFileSync(inside('mm/new/pmm.c'), 'utf8'), 'a\nb\n');
    });

    it('replaces a longer file whole and keeps its mode', async () => {
      writeFileSync(inside('run.sh'), 'a long old content\n', { mode: 0o755 });
      await bench.call('write_file', { path: 'run.sh', content: 'new\n' });
      assert.equal(readFileSync(inside('run.sh'), 'utf8'), 'new\n');
      assert.equal(statSync(inside('run.sh')).mode & 0o777, 0o755);
    });

    it('refuses more than 1 MB and writes nothing', async () => {
      const { ok, text } = await bench.call('write_file', { path: 'big', content: 'x'.repeat(2 ** 20 + 1) });
      assert.ok(!ok);
      assert.match(text, /1048577 bytes/);
      assert.ok(!existsSync(inside('big')));
    });

    it('says that a path runs through a file or is a folder', async () => {
      writeFileSync(inside('file'), '');
      mkdirSync(inside('folder'));
      const write = async (name: string) =>
        (await bench.call('write_file', { path: name, content: 'x' })).text;
      assert.match(await write('file/below'), /runs through something that is not a folder|exists already/);
      assert.match(await write('folder'), /is a folder/);
    });
  });

  describe('edit_file', () => {
    const edit = (input: object) => bench.call('edit_file', { path: 'a.c', ...input });

    beforeEach(() => {
      const lines = [
        'int alloc(void)',
        '{',
        '\treturn $1;',
        '}',
        '',
        'int release(void)',
        '{',
        '\treturn $1;',
        '}',
        '',
      ];
      writeFileSync(inside('a.c'), lines.join('\n'));
    });

    it('replaces text that is there once, dollar signs and all', async () => {
      const { ok, text } = await edit({
        old_text: 'int alloc(void)\n{\n\treturn $1;',
        new_text: 'int alloc(void)\n{\n\treturn $&$2;',
      });
      assert.ok(ok, text);
      assert.match(readFileSync(inside('a.c'), 'utf8'), /^int alloc\(void\)\n\{\n\treturn \$&\$2;\n\}/);
      assert.match(text, /3\t\treturn \$&\$2;/);
    });

    it('refuses text that is there twice and says where', async () => {
      const before = readFileSync(inside('a.c'), 'utf8');
      const { ok, text } = await edit({ old_text: 'return $1;', new_text: 'return 2;' });
      assert.ok(!ok);
      assert.match(text, /2 times in a\.c, at lines 3, 8/);
      assert.equal(readFileSync(inside('a.c'), 'utf8'), before);
    });

    it('replaces every occurrence when told to', async () => {
      const { text } = await edit({ old_text: 'return $1;', new_text: 'return 2;', replace_all: true });
      assert.match(text, /^Changed 2 places/);
      assert.ok(!readFileSync(inside('a.c'), 'utf8').includes('$1'));
    });

    it('shows the nearest place when the text is not there', async () => {
      const { text } = await edit({ old_text: 'int relase(void)\n{\n\treturn $1;', new_text: 'x' });
      assert.match(text, /The nearest is line 6:\n6\tint release\(void\)\n7\t\{\n8\t\treturn \$1;$/);
    });

    it('says that only white space differs', async () => {
      const { text } = await edit({ old_text: 'int release(void)\n{\n    return $1;', new_text: 'x' });
      assert.match(text, /differs only in white space from line 6/);
    });

    it('says that nothing is like it', async () => {
      const { text } = await edit({ old_text: 'QQQQ ZZZZ', new_text: 'x' });
      assert.match(text, /nor anything like it/);
    });

    it('finds the nearest place in a file of 20,000 lines', async () => {
      const lines = Array.from(
        { length: 20_000 },
        (_, i) => `\tregister_${i}(device, ${i * 7}); /* entry */`,
      );
      writeFileSync(inside('a.c'), lines.join('\n'));
      const { text } = await edit({ old_text: 'register_12345(device, 86415) /* entry */', new_text: 'x' });
      assert.match(text, /line 12346/);
    });

    it('leaves a file alone that is not UTF-8', async () => {
      writeFileSync(inside('a.c'), Buffer.from('caf\xe9 x\n', 'latin1'));
      assert.match((await edit({ old_text: 'x', new_text: 'y' })).text, /not UTF-8/);
    });
  });

  describe('list_files', () => {
    it('lists folders, sizes, links and special files, without .git', async () => {
      mkdirSync(inside('mm/deep/deeper'), { recursive: true });
      mkdirSync(inside('.git'));
      writeFileSync(inside('mm/pmm.c'), '12345');
      symlinkSync('/etc', inside('etc'));
      execFileSync('mkfifo', [inside('pipe')]);
      const { text } = await bench.call('list_files', { depth: 2 });
      assert.equal(text, 'etc  symbolic link\nmm/\nmm/deep/\nmm/pmm.c  5 bytes\npipe  special file');
    });

    it('stops at 1000 entries and says so', async () => {
      for (let i = 0; i < 1100; i++) writeFileSync(inside(`f${i}`), '');
      const { text } = await bench.call('list_files', {});
      assert.equal(text.split('\n').length, 1001);
      assert.match(text, /more than 1000 entries/);
    });
  });
});
