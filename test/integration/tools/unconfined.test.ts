import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SandboxCommand } from '../../../src/tools/sandbox.ts';
import { processesRunning } from '../../../src/tools/sandbox/processes.ts';
import { Unconfined } from '../../../src/tools/sandbox/unconfined.ts';
import { sandboxDefaults } from '../../fixtures/real-sandbox.ts';

describe('with the sandbox off', () => {
  const sandbox = new Unconfined(sandboxDefaults());
  let folder: string;
  let mark = 0;

  const run = (script: string, options: Partial<SandboxCommand> = {}) =>
    sandbox.run({
      ...{ argv: ['bash', '-c', script], cwd: folder, writable: [folder], timeoutMs: 200_000 },
      ...options,
    });

  beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), 'auton-off-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  it('says so', () => assert.equal(sandbox.mode, 'off'));

  it('runs commands with exit code, ordered output, input and a file of all of it', async () => {
    const outputFile = path.join(folder, 'all.txt');
    const result = await run('echo a; echo b >&2; cat; exit 3', { stdin: 'c\n', outputFile });
    assert.equal(result.exitCode, 3);
    assert.equal(result.output, 'a\nb\nc\n');
    assert.equal(readFileSync(outputFile, 'utf8'), 'a\nb\nc\n');
  });

  it('does not hand on keys of the environment', async () => {
    process.env['ANTHROPIC_API_KEY'] = 'sk-planted-key';
    try {
      assert.doesNotMatch((await run('env')).output, /sk-planted/);
    } finally {
      delete process.env['ANTHROPIC_API_KEY'];
    }
  });

  it('says that an output file cannot be written, and what to do', async () => {
    const outputFile = path.join(folder, 'none', 'all.txt');
    await assert.rejects(run('echo a', { outputFile }), /could not be kept in .*all\.txt/);
  });

  for (const [how, options] of [
    ['after it ended', {}],
    ['after a time-out', { timeoutMs: 500 }],
  ] as const) {
    it(`ends what a command started, ${how}`, async () => {
      const time = `${4000 + mark++}.${process.pid}`;
      const wait = 'timeoutMs' in options ? 'sleep 60' : 'sleep 0.2';
      const background = `setsid nohup sleep ${time} & (setsid sh -c 'trap "" TERM; sleep ${time}' &)`;
      const result = await run(`echo begun; ${background}; ${wait}`, options);
      assert.match(result.output, /begun/);
      assert.equal(result.timedOut, 'timeoutMs' in options);
      for (let tries = 0; (await processesRunning(time)).length > 0; tries++) {
        assert.ok(tries < 100, 'a process goes on');
        await sleep(50);
      }
    });
  }
});
