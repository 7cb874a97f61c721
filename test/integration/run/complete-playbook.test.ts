import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { acceptanceFile, assets } from '../../../src/config/assets.ts';
import { KernelChat } from '../../../src/kernel/interactive.ts';
import { PROFILES } from '../../../src/kernel/architectures.ts';
import { foldEvents } from '../../../src/protocol/fold.ts';
import type { RunState } from '../../../src/protocol/run-state.ts';
import { runEventSchema } from '../../../src/protocol/schema/events.ts';
import { loadAcceptanceTests, selectTests } from '../../../src/validation/acceptance.ts';
import { onlyWhenLong } from '../../fixtures/long.ts';
import { AUTON } from '../../fixtures/program.ts';
import { missingTools } from '../../fixtures/tools.ts';

const GOAL = 'Build the complete kernel with file systems, networking and packages';
/** The one that needs the fewest boots: no boot media, and the quickest start. */
const ARCH = 'aarch64';
const MINUTE = 60_000;

describe('the complete playbook', function () {
  this.timeout(15 * MINUTE);
  let folder: string;
  let state: RunState;

  before(function () {
    onlyWhenLong(this, 'five minutes or more');
    const missing = missingTools([PROFILES[ARCH].qemu, PROFILES[ARCH].gcc, 'make', 'bwrap', 'git']);
    if (missing.length > 0) {
      console.log(`skipped: ${missing.join(', ')} not found`);
      this.skip();
    }
    folder = mkdtempSync(join(tmpdir(), 'auton-complete-'));
    const args = ['run', GOAL, '--playbook', 'complete', '--arch', ARCH, '--json'];
    const { stdout, stderr, status } = spawnSync(process.execPath, [AUTON, ...args], {
      cwd: folder,
      env: { ...process.env, NO_COLOR: '1', XDG_CONFIG_HOME: '/nonexistent' },
      encoding: 'utf8',
      maxBuffer: 64 << 20,
      timeout: 14 * MINUTE,
    });
    const lines = stdout.trimEnd().split('\n');
    assert.equal(status, 0, stderr + lines.slice(-5).join('\n'));
    state = foldEvents(lines.map((line) => runEventSchema.parse(JSON.parse(line))));
  });
  after(() => folder && rmSync(folder, { recursive: true, force: true }));

  it('merges every task, the two with a planted fault at the second attempt', () => {
    const merged = [...state.tasks.values()].filter((task) => task.state === 'merged');
    assert.equal(merged.length, state.tasks.size);
    const repaired = merged.filter(({ attempts }) => attempts.length > 1).map(({ spec }) => spec.id);
    assert.deepEqual(repaired.sort(), ['ext2', 'sched']);
  });

  it('builds the kernel that the sources are, file by file', () => {
    const kernel = join(folder, 'kernels', ARCH);
    const files = execFileSync('git', ['ls-tree', '-r', '--name-only', 'main'], {
      cwd: kernel,
      encoding: 'utf8',
    });
    for (const file of files.trimEnd().split('\n')) {
      if (file === '.gitignore') continue;
      const built = readFileSync(join(kernel, file));
      assert.ok(built.equals(readFileSync(join(assets().referenceKernel, file))), file);
    }
  });

  it('sees every acceptance test of the specification pass at the end', () => {
    const all = loadAcceptanceTests(acceptanceFile(assets().specFolder));
    const wanted = selectTests(all, { architecture: ARCH }).map(({ name }) => name);
    const final = state.evidence.findLast(({ kind }) => kind === 'boot');
    const passed = final?.tests.filter((test) => test.passed).map(({ name }) => name) ?? [];
    assert.deepEqual(passed.sort(), wanted.sort());
  });

  it('leaves a kernel that has files, packages and a network when it is asked', async () => {
    const built = state.evidence.findLast(({ kind, passed }) => kind === 'build' && passed);
    const image = built?.files.find(({ role }) => role === 'kernel');
    assert.ok(image);
    const chat = await KernelChat.start({
      profile: PROFILES[ARCH],
      image: join(folder, '.auton', 'runs', state.run, image.path),
      boot: 'kernel',
      accel: 'tcg',
      devices: ['user-net'],
    });
    try {
      assert.match(await chat.ask('cat /etc/hostname'), /auton/);
      assert.match(await chat.ask('which packages are there?'), /httpd/);
      assert.match(await chat.ask('why is the network down?'), /eth0/);
    } finally {
      await chat.stop();
    }
  });
});
