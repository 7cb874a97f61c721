import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Workspace } from '../../../src/git/workspace.ts';
import { UserError } from '../../../src/protocol/errors.ts';
import { Scene } from './helper.ts';

describe('worktrees', () => {
  let scene: Scene;
  let workspace: Workspace;
  beforeEach(async () => {
    scene = new Scene();
    workspace = await scene.open();
    await scene.land(workspace, 'base', { 'a.c': 'int a;\n', 'dir/b.c': 'int b;\n' });
  });
  afterEach(() => scene.remove());

  /** What the same user sees after the engine was killed and started again. */
  const restart = async (run = 'run-1') => scene.open({ run });
  const leaseOf = (task: string) => join(scene.state, 'leases', `${task}.json`);
  const change = (task: string, to: object) => {
    const lease = JSON.parse(readFileSync(leaseOf(task), 'utf8')) as Record<string, unknown>;
    writeFileSync(leaseOf(task), JSON.stringify({ ...lease, ...to }));
  };
  const expire = (task: string) => change(task, { until: '2020-01-01T00:00:00.000Z' });

  it('gives each task a folder and a branch that git itself knows', async () => {
    const worktree = await workspace.addWorktree('pmm', 'developer-1');
    assert.equal(worktree.branch, 'agent/developer-1/pmm');
    assert.equal(worktree.base, await workspace.head());
    assert.equal(scene.gitAt(worktree.path, 'rev-parse', '--show-toplevel'), worktree.path);
    assert.equal(scene.gitAt(worktree.path, 'symbolic-ref', '--short', 'HEAD'), worktree.branch);
    assert.equal(scene.gitAt(worktree.path, 'status', '--porcelain'), '');
    assert.match(scene.git('worktree', 'list', '--porcelain'), /branch refs\/heads\/agent\/developer-1\/pmm/);
    scene.git('worktree', 'prune');
    await workspace.assertWorktree(worktree);
  });

  it('makes eight at once', async () => {
    const tasks = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
    const worktrees = await Promise.all(tasks.map((task) => workspace.addWorktree(task, 'developer-1')));
    await Promise.all(worktrees.map((worktree) => workspace.assertWorktree(worktree)));
    assert.equal(new Set(worktrees.map(({ path }) => path)).size, 8);
  });

  it('refuses names that would leave its folder', async () => {
    await assert.rejects(workspace.addWorktree('../x', 'developer-1'));
    await assert.rejects(workspace.addWorktree('x', '../../main'));
  });

  it("takes the next free name when the branch is somebody else's", async () => {
    scene.git('branch', 'agent/developer-1/pmm', 'main~1');
    const theirs = scene.git('rev-parse', 'agent/developer-1/pmm');
    const { worktree } = await scene.work(workspace, 'pmm', { 'p.c': '' });
    assert.equal(worktree.branch, 'agent/developer-1/pmm-2');
    await workspace.removeWorktree(worktree);
    assert.equal(scene.git('rev-parse', 'agent/developer-1/pmm'), theirs);
  });

  it('says what to do when a branch is named like the prefix', async () => {
    scene.git('branch', 'prefix');
    workspace = await scene.open({ branchPrefix: 'prefix' });
    await assert.rejects(workspace.addWorktree('pmm', 'developer-1'), (error) => {
      assert.ok(error instanceof UserError);
      assert.match(error.remedy, /branch named "prefix".*workspace\.branch_prefix/);
      return true;
    });
  });

  it('continues in the same worktree after a crash, with what was not committed', async () => {
    const { worktree, head } = await scene.work(workspace, 'pmm', { 'p.c': 'int p;\n' });
    writeFileSync(join(worktree.path, 'q.c'), 'int q;\n');
    writeFileSync(join(scene.root, '.git/worktrees/auton-pmm/index.lock'), '');
    writeFileSync(join(scene.root, '.git/refs/heads/agent/developer-1/pmm.lock'), '');
    const again = await (await restart()).addWorktree('pmm', 'developer-2');
    assert.deepEqual({ ...again, agent: 'developer-1' }, worktree);
    assert.equal(scene.gitAt(again.path, 'rev-parse', 'HEAD'), head);
    assert.notEqual(await workspace.commit(again, 'Go on', 'developer-2'), null);
  });

  it('makes a new checkout of the same branch when the folder is gone or was tampered with', async () => {
    for (const [task, damage] of [
      ['gone', (path: string) => rmSync(path, { recursive: true })],
      [
        'linked',
        (path: string) => (renameSync(path, `${path}-elsewhere`), symlinkSync(`${path}-elsewhere`, path)),
      ],
      ['hijacked', (path: string) => (rmSync(join(path, '.git')), mkdirSync(join(path, '.git')))],
      ['half', () => rmSync(join(scene.root, '.git/worktrees/auton-half/index'))],
      ['unknown', () => rmSync(join(scene.root, '.git/worktrees/auton-unknown'), { recursive: true })],
    ] as [string, (path: string) => void][]) {
      const { worktree, head } = await scene.work(workspace, task, { [`${task}.c`]: '' });
      damage(worktree.path);
      await assert.rejects(workspace.assertWorktree(worktree), UserError, task);
      const again = await (await restart()).addWorktree(task, 'developer-1');
      await workspace.assertWorktree(again);
      assert.equal(again.branch, worktree.branch, task);
      assert.equal(scene.gitAt(again.path, 'rev-parse', 'HEAD'), head, task);
      assert.equal(scene.gitAt(again.path, 'status', '--porcelain'), '', task);
    }
  });

  it('is not assertable on another branch', async () => {
    const worktree = await workspace.addWorktree('pmm', 'developer-1');
    scene.gitAt(worktree.path, 'checkout', '-q', '-b', 'other');
    await assert.rejects(workspace.assertWorktree(worktree), /on other, not on agent\/developer-1\/pmm/);
  });

  it('removes a merged worktree with its branch, and archives any other', async () => {
    const merged = await workspace.addWorktree('base', 'developer-1');
    assert.deepEqual(await workspace.removeWorktree(merged), { kind: 'removed' });
    assert.equal(existsSync(merged.path), false);
    assert.equal(scene.git('branch', '--list', merged.branch), '');

    const { worktree, head } = await scene.work(workspace, 'pmm', { 'p.c': '' });
    const result = await workspace.removeWorktree(worktree);
    assert.deepEqual(result, { kind: 'archived', ref: 'refs/auton/archive/run-1/pmm', sha: head });
    assert.equal(scene.git('rev-parse', 'refs/auton/archive/run-1/pmm'), head);
    assert.equal(scene.git('branch', '--list', worktree.branch), '');
    assert.doesNotMatch(scene.git('worktree', 'list'), /pmm/);
    assert.deepEqual(await workspace.removeWorktree(worktree), { kind: 'removed' }, 'a second time');
  });

  it('commits what was not committed before it archives', async () => {
    const worktree = await workspace.addWorktree('pmm', 'developer-1');
    writeFileSync(join(worktree.path, 'p.c'), 'int p;\n');
    const result = await workspace.removeWorktree(worktree);
    assert.equal(result.kind, 'archived');
    assert.equal(scene.git('show', 'refs/auton/archive/run-1/pmm:p.c'), 'int p;');
  });

  it('keeps every archive of a task', async () => {
    const heads = [];
    for (const text of ['1', '2']) {
      const { worktree, head } = await scene.work(workspace, 'pmm', { 'p.c': text });
      await workspace.removeWorktree(worktree);
      heads.push(head);
    }
    assert.equal(scene.git('rev-parse', 'refs/auton/archive/run-1/pmm'), heads[0]);
    assert.equal(scene.git('rev-parse', 'refs/auton/archive/run-1/pmm-2'), heads[1]);
  });

  it("archives another run's worktree before it uses the name", async () => {
    const { worktree, head } = await scene.work(workspace, 'pmm', { 'p.c': '' });
    const fresh = await (await restart('run-2')).addWorktree('pmm', 'developer-1');
    assert.equal(fresh.path, worktree.path);
    assert.equal(existsSync(join(fresh.path, 'p.c')), false);
    assert.equal(scene.git('rev-parse', 'refs/auton/archive/run-1/pmm'), head);
  });

  it('cleans only worktrees of other runs that are expired, or its own from before', async () => {
    const { head } = await scene.work(workspace, 'unmerged', { 'u.c': '' });
    const merged = await workspace.addWorktree('base', 'developer-1');
    const inUse = await workspace.addWorktree('in-use', 'developer-1');
    expire('unmerged');
    change('in-use', { pid: process.ppid });
    assert.deepEqual(await workspace.cleanWorktrees(), [], 'its own run');

    const cleaned = await (await restart('run-2')).cleanWorktrees();
    assert.deepEqual(
      new Map(cleaned.map(({ task, result }) => [task, result])),
      new Map([
        ['base', { kind: 'removed' }],
        ['unmerged', { kind: 'archived', ref: 'refs/auton/archive/run-1/unmerged', sha: head }],
      ]),
    );
    assert.equal(existsSync(merged.path), false);
    assert.equal(existsSync(inUse.path), true);
  });

  it('leaves a worktree alone that it did not make', async () => {
    const path = join(scene.state, 'worktrees/pmm');
    scene.git('worktree', 'add', '-q', '-b', 'theirs', path);
    await assert.rejects(workspace.addWorktree('pmm', 'developer-1'), /worktree that AUTON did not make/);
    assert.equal(existsSync(join(path, 'a.c')), true);
  });

  it('sets aside a folder in its way', async () => {
    scene.write(join(scene.state, 'worktrees/pmm/file'), 'something');
    await workspace.addWorktree('pmm', 'developer-1');
    assert.equal(readFileSync(join(scene.state, 'lost/pmm/file'), 'utf8'), 'something');
  });
});

describe('commits and changes', () => {
  let scene: Scene;
  let workspace: Workspace;
  beforeEach(async () => {
    scene = new Scene();
    workspace = await scene.open();
    await scene.land(workspace, 'base', {
      'a.c': 'one\ntwo\nthree\n',
      'dir/b.c': 'int b;\n'.repeat(20),
      'gone.c': 'x\n',
      swap: 'file\n',
      'folder/x': 'x\n',
    });
  });
  afterEach(() => scene.remove());

  it('commits for the agent, with the task and the agent in the message', async () => {
    const { worktree, head } = await scene.work(workspace, 'pmm', { 'p.c': '' });
    assert.equal(
      scene.git('log', '-1', '--format=%an|%cn|%B', head).trimEnd(),
      'developer-1|AUTON|Do pmm\n\nAuton-Task: pmm\nAuton-Agent: developer-1',
    );
    assert.equal(await workspace.commit(worktree, 'Nothing', 'developer-1'), null);
  });

  it('takes any name and any message', async () => {
    const worktree = await workspace.addWorktree('odd', 'developer-1');
    const names = [
      'sp ace',
      'ünï',
      'new\nline',
      'quo\'te"',
      '-dash',
      '$(touch x)',
      '*?[',
      'back\\slash',
      ':(top)x',
    ];
    for (const name of names) scene.write(join(worktree.path, 'odd', name), name);
    const message = 'It\'s "odd": $(false) `x` \\0 %d\n\n# kept\n-----BEGIN';
    const head = (await workspace.commit(worktree, message, 'developer-1')) ?? '';
    const changes = await workspace.changes(worktree.base, head);
    assert.deepEqual(changes.map(({ path }) => path).sort(), names.map((name) => `odd/${name}`).sort());
    assert.equal(scene.git('log', '-1', '--format=%B', head).includes(message), true);
  });

  it('tells what changed: lines, sizes, modes, renames and types', async () => {
    const worktree = await workspace.addWorktree('many', 'developer-1');
    const at = (path: string) => join(worktree.path, path);
    scene.write(at('a.c'), 'one\n2\nthree\nfour\n');
    renameSync(at('dir/b.c'), at('dir/c.c'));
    rmSync(at('gone.c'));
    rmSync(at('swap'));
    scene.write(at('swap/inside'), 'now a folder\n');
    rmSync(at('folder'), { recursive: true });
    symlinkSync('/etc/passwd', at('folder'));
    scene.write(at('bin'), Buffer.from([1, 0, 2]));
    const live = await workspace.changes(worktree.base, worktree);
    const head = (await workspace.commit(worktree, 'Many', 'developer-1')) ?? '';
    const changes = await workspace.changes(worktree.base, head);
    assert.deepEqual(live, changes, 'a worktree and its commit are judged alike');

    const by = new Map(changes.map((change) => [change.path, change]));
    assert.deepEqual(by.get('a.c')?.addedLines, [
      { line: 2, text: '2' },
      { line: 4, text: 'four' },
    ]);
    assert.equal(by.get('a.c')?.bytes, 17);
    assert.equal(by.get('dir/c.c')?.oldPath, 'dir/b.c');
    assert.equal(by.get('gone.c')?.status, 'deleted');
    assert.equal(by.get('swap')?.status, 'deleted');
    assert.equal(by.get('swap/inside')?.status, 'added');
    assert.equal(by.get('folder')?.mode, '120000');
    assert.equal(by.get('bin')?.binary, true);
    assert.deepEqual(by.get('bin')?.addedLines, []);
  });

  it('keeps lines apart that look like a diff, and the two halves of a changed type', async () => {
    const worktree = await workspace.addWorktree('tricky', 'developer-1');
    const text = '+++ b/x\n@@ -1 +7 @@\ndiff --git a/x b/x\n';
    scene.write(join(worktree.path, 'diff.txt'), text);
    rmSync(join(worktree.path, 'a.c'));
    symlinkSync('dir', join(worktree.path, 'a.c'));
    scene.write(join(worktree.path, 'z.c'), 'last');
    const by = new Map(
      (await workspace.changes(worktree.base, worktree)).map((change) => [change.path, change]),
    );
    assert.deepEqual(
      by
        .get('diff.txt')
        ?.addedLines.map(({ text: line }) => `${line}\n`)
        .join(''),
      text,
    );
    assert.equal(by.get('a.c')?.status, 'type_changed');
    assert.deepEqual(by.get('z.c')?.addedLines, [{ line: 1, text: 'last' }]);
  });

  it('does not let an attribute hide a change', async () => {
    const worktree = await workspace.addWorktree('hide', 'developer-1');
    scene.write(join(worktree.path, '.gitattributes'), '*.c -diff\n*.bin diff\n');
    scene.write(join(worktree.path, 'h.c'), 'system("evil");\n');
    scene.write(join(worktree.path, 'x.bin'), Buffer.from([65, 0, 66]));
    const head = (await workspace.commit(worktree, 'Hide', 'developer-1')) ?? '';
    const by = new Map((await workspace.changes(worktree.base, head)).map((change) => [change.path, change]));
    assert.equal(by.get('h.c')?.addedLines[0]?.text, 'system("evil");');
    assert.equal(by.get('x.bin')?.binary, true);
  });

  it('leaves out an embedded repository and never runs its configuration', async () => {
    const { worktree } = await scene.work(workspace, 'embed', { 'e.c': '' });
    const inner = join(worktree.path, 'inner');
    mkdirSync(inner);
    scene.gitAt(inner, 'init', '-q');
    scene.gitAt(inner, 'commit', '-q', '--allow-empty', '-m', 'x');
    scene.gitAt(inner, 'config', 'core.fsmonitor', `touch ${join(scene.folder, 'ran')}`);
    scene.write(join(inner, 'file'), '');
    scene.write(join(worktree.path, 'f.c'), '');
    const live = await workspace.changes(worktree.base, worktree);
    assert.equal(live.find(({ path }) => path === 'inner')?.mode, '160000');
    const head = (await workspace.commit(worktree, 'Embed', 'developer-1')) ?? '';
    assert.equal(scene.git('ls-tree', '--name-only', head, 'inner'), '');
    assert.match(scene.git('log', '-1', '--format=%B', head), /Auton-Left-Out: "inner" \(repository\)/);
    assert.equal(existsSync(join(scene.folder, 'ran')), false);
  });

  it('leaves out a file that is too large for a history, and reports it', async () => {
    const { worktree } = await scene.work(workspace, 'large', { 'l.c': '' });
    scene.write(join(worktree.path, 'large.bin'), Buffer.alloc(65 * 1024 * 1024));
    const change = (await workspace.changes(worktree.base, worktree)).find(
      ({ path }) => path === 'large.bin',
    );
    assert.equal(change?.bytes, 65 * 1024 * 1024);
    assert.equal(await workspace.commit(worktree, 'Large', 'developer-1'), null);
  });

  it('shows the whole work of a worktree as a diff, committed or not', async () => {
    const { worktree } = await scene.work(workspace, 'pmm', { 'p.c': 'int p;\n' });
    scene.write(join(worktree.path, 'q.c'), 'int q;\n');
    const diff = await workspace.worktreeDiff(worktree);
    assert.match(diff, /\+int p;/);
    assert.match(diff, /\+int q;/);
    assert.equal(scene.gitAt(worktree.path, 'status', '--porcelain'), '?? q.c', 'the index stays as it was');
  });
});
