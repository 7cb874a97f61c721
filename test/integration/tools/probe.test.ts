import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { UserError } from '../../../src/protocol/errors.ts';
import type { Sandbox, SandboxCommand } from '../../../src/tools/sandbox.ts';
import { Bubblewrap } from '../../../src/tools/sandbox/bubblewrap.ts';
import { createSandbox } from '../../../src/tools/sandbox/create.ts';
import { probe, PROBE_PROCESSES } from '../../../src/tools/sandbox/probe.ts';
import { Unconfined } from '../../../src/tools/sandbox/unconfined.ts';
import { realSandbox, sandboxDefaults, skipBecause } from '../../fixtures/real-sandbox.ts';

const probeFolders = () => readdirSync(tmpdir()).filter((name) => name.startsWith('auton-probe-'));

async function rejection(promise: Promise<unknown>): Promise<UserError> {
  const error: unknown = await promise.then(
    () => assert.fail('it should have been refused'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof UserError, String(error));
  return error;
}

describe('the probe of the sandbox', () => {
  // Where no other process probes.
  const { TMPDIR } = process.env;
  before(() => (process.env['TMPDIR'] = realpathSync(mkdtempSync(path.join(tmpdir(), 'auton-tmp-')))));
  after(() => {
    rmSync(tmpdir(), { recursive: true, force: true });
    if (TMPDIR === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = TMPDIR;
  });

  it('passes a sandbox that holds, and leaves nothing behind', async function () {
    const before = probeFolders();
    assert.equal((await realSandbox(this)).mode, 'bubblewrap');
    assert.deepEqual(probeFolders(), before);
  });

  it('refuses a sandbox that confines nothing, naming every way out', async () => {
    const before = probeFolders();
    const error = await rejection(
      probe({ sandbox: () => new Unconfined(sandboxDefaults()), forbidsUserns: false }),
    );
    for (const way of [
      'write outside its folders',
      'read a hidden file',
      "write to the repository's hooks",
      'connect to a port of this machine',
      "see this machine's processes",
    ]) {
      assert.ok(error.message.includes(way), `${way} is not in: ${error.message}`);
    }
    assert.match(error.remedy, /sandbox\.mode = "off"/);
    assert.deepEqual(probeFolders(), before);
  });

  it('refuses a sandbox with a hole: hidden folders that are not hidden', async function () {
    await realSandbox(this);
    const error = await rejection(
      probe({
        sandbox: () =>
          new Bubblewrap({
            ...{ limits: sandboxDefaults(), hide: [], disableUserns: true },
            ...{ cgroups: undefined, countProcesses: false },
          }),
        forbidsUserns: true,
      }),
    );
    assert.match(error.message, /could read a hidden file\.$/);
  });

  it('tells where processes must be counted because no limit on them holds', async function () {
    await realSandbox(this);
    if (process.getuid?.() !== 0)
      return skipBecause(this, 'the kernel limits the processes of an ordinary user');
    const limits = { ...sandboxDefaults(), max_processes: PROBE_PROCESSES };
    const found = await probe({
      sandbox: (hide) =>
        new Bubblewrap({ limits, hide, disableUserns: true, cgroups: undefined, countProcesses: false }),
      forbidsUserns: true,
    });
    assert.deepEqual(found, { limitsProcesses: false });
  });

  it('refuses a sandbox in which nothing runs, with what it said', async () => {
    const broken: Sandbox = {
      mode: 'bubblewrap',
      run: (command: SandboxCommand) =>
        new Unconfined(sandboxDefaults()).run({
          ...command,
          argv: ['sh', '-c', 'echo no such luck; exit 1'],
        }),
    };
    const error = await rejection(probe({ sandbox: () => broken, forbidsUserns: false }));
    assert.match(error.message, /no such luck/);
  });

  it('names the package when bubblewrap is missing', async () => {
    const empty = mkdtempSync(path.join(tmpdir(), 'auton-empty-'));
    const before = process.env['PATH'];
    process.env['PATH'] = empty;
    try {
      const error = await rejection(createSandbox(sandboxDefaults(), { hide: [] }));
      assert.match(error.message, /bubblewrap \(bwrap\) is not installed/);
      assert.match(error.remedy, /apt install bubblewrap/);
    } finally {
      process.env['PATH'] = before;
      rmSync(empty, { recursive: true });
    }
  });

  for (const platform of ['darwin', 'win32'] as const) {
    it(`refuses on ${platform} unless the sandbox is off`, async () => {
      const real = Object.getOwnPropertyDescriptor(process, 'platform')!;
      Object.defineProperty(process, 'platform', { ...real, value: platform });
      try {
        const error = await rejection(createSandbox(sandboxDefaults(), { hide: [] }));
        assert.match(error.remedy, /sandbox\.mode = "off"/);
        assert.equal((await createSandbox({ ...sandboxDefaults(), mode: 'off' }, { hide: [] })).mode, 'off');
      } finally {
        Object.defineProperty(process, 'platform', real);
      }
    });
  }
});
