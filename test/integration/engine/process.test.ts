import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { tryConnect } from '../../../src/engine/client.ts';
import { readEndpoint, writeEndpoint } from '../../../src/engine/endpoint.ts';
import { engineLogFile, ensureEngine, spawnEngine, stopEngine } from '../../../src/engine/spawn.ts';
import { UserError } from '../../../src/protocol/errors.ts';
import { lockHolder } from '../../../src/run/lock.ts';
import { stateFolder } from '../../../src/run/state-folder.ts';
import { headerTasks } from '../../fixtures/agent-script.ts';
import { EngineFolder, GOAL, SECRET } from '../../fixtures/engine.ts';
import { Engines, Follower, isAlive, program, until } from '../../fixtures/engine-process.ts';

describe('an engine in a process of its own', () => {
  let place: EngineFolder;
  const engines = new Engines();
  beforeEach(() => {
    place = new EngineFolder();
  });
  afterEach(async () => {
    await engines.end();
    await place.close();
  });

  const start = (idleSeconds = 30) => engines.ensure(place.folder, { env: place.env, idleSeconds });
  const log = () => readFileSync(engineLogFile(place.folder), 'utf8');

  it('is one, however many start it at the same moment', async () => {
    const clients = await Promise.all([start(), start(), start(), start()]);
    assert.equal(new Set(clients.map(({ pid }) => pid)).size, 1, log());
    assert.deepEqual(
      clients.map(({ folder, run }) => [folder, run]),
      clients.map(() => [place.folder, null]),
    );
    assert.equal(statSync(readEndpoint(place.folder)!.socket).mode & 0o777, 0o600);
    assert.equal(statSync(engineLogFile(place.folder)).mode & 0o777, 0o600);
  });

  it('replaces what a killed one left, also when several find it', async () => {
    const first = await start();
    process.kill(first.pid, 'SIGKILL');
    await until(() => !isAlive(first.pid), 'it does not die');
    const clients = await Promise.all([start(), start(), start()]);
    const pids = new Set(clients.map(({ pid }) => pid));
    assert.equal(pids.size, 1, log());
    assert.ok(!pids.has(first.pid));
  });

  it('ends by itself when nobody needs it, and stays while somebody does', async () => {
    const client = await start(0.2);
    const other = await engines.connect(place.folder);
    other.dispose();
    await new Promise((resolve) => setTimeout(resolve, 600));
    assert.ok(isAlive(client.pid), log());
    client.dispose();
    await until(() => !isAlive(client.pid), `it does not end: ${log()}`);
    assert.equal(readEndpoint(place.folder), null);
    assert.equal(await tryConnect(place.folder), null);
  });

  it('holds the lock of the folder only while a run is at work', async () => {
    await place.provider(headerTasks('one'));
    const client = await start();
    assert.equal(lockHolder(stateFolder(place.folder)), null);
    const follower = new Follower(client);
    await client.startRun({ goal: GOAL });
    await follower.follow();
    assert.equal(lockHolder(stateFolder(place.folder)), client.pid);
    assert.equal(await follower.outcome(), 'done', follower.story());
    assert.equal(lockHolder(stateFolder(place.folder)), null);
    assert.equal(client.run, null);
  });

  it('works on a run that a client starts, and tells every client', async () => {
    await place.provider(headerTasks('one', 'two'));
    const client = await start();
    const watcher = await engines.connect(place.folder);
    const started: string[] = [];
    watcher.onRunStarted(({ run }) => started.push(run));
    const watched = new Follower(watcher);
    const follower = new Follower(client);
    const { run } = await client.startRun({ goal: GOAL, maxCostUsd: 7 });
    await follower.follow();
    await watched.follow();
    assert.deepEqual([started, watcher.run, client.run], [[run], run, run]);
    await assert.rejects(watcher.startRun({ goal: GOAL }), new RegExp(`Run ${run} is active`));
    assert.equal(await watched.outcome(), 'done', watched.story());
    assert.deepEqual(watched.state, place.state);
    assert.equal(place.state.maxCostUsd, 7);
    assert.equal(place.state.run, run);
    await assert.rejects(watcher.pause(), /No run is active/);
  });

  it('goes on in another engine after a kill -9 in the middle', async () => {
    const provider = await place.provider(headerTasks('one', 'two'));
    provider.latencyMs = () => 100;
    const client = await start();
    const follower = new Follower(client);
    const { run } = await client.startRun({ goal: GOAL });
    await follower.follow();
    await follower.event(({ type }) => type === 'attempt.ended', 'an attempt');
    process.kill(client.pid, 'SIGKILL');
    await client.closed;
    const again = await start();
    assert.notEqual(again.pid, client.pid);
    const second = new Follower(again);
    assert.deepEqual(await again.resumeRun({ run }), { run });
    await second.follow();
    assert.equal(await second.outcome(), 'done', second.story());
    const calls = provider.calls.map(({ role, task, attempt, turn }) => [role, task, attempt, turn].join());
    assert.ok(calls.length - new Set(calls).size <= 2, 'only what was under way is asked again');
  });

  for (const how of ['a signal', 'a request'] as const) {
    it(`pauses its run tidily and ends on ${how}`, async () => {
      const provider = await place.provider(headerTasks('one'));
      provider.latencyMs = () => 150;
      const client = await start();
      const follower = new Follower(client);
      await client.startRun({ goal: GOAL });
      await follower.follow();
      await follower.event(({ type }) => type === 'model.called', 'a call');
      if (how === 'a request') await client.shutdown();
      else assert.equal(await stopEngine(place.folder), true);
      await client.closed;
      assert.equal(follower.stopped?.outcome, 'paused');
      assert.equal(place.state.status, 'paused');
      await until(() => !isAlive(client.pid), `it does not end: ${log()}`);
      assert.equal(await stopEngine(place.folder), false);
    });
  }

  it('takes a run up again for what is asked of it', async () => {
    const provider = await place.provider(headerTasks('one'), { agents: { max_attempts: 1 } });
    provider.interfere = ({ role }) => (role === 'developer' ? { text: 'I do nothing.' } : null);
    const client = await start();
    const follower = new Follower(client);
    const { run } = await client.startRun({ goal: GOAL });
    await follower.follow();
    assert.equal(await follower.outcome(), 'failed');
    provider.interfere = () => null;
    provider.latencyMs = () => 50;
    const again = new Follower(client);
    await assert.rejects(client.of(run).retryTask('nothing'), /no task nothing/);
    assert.equal(place.state.status, 'failed', 'what makes no sense changes nothing');
    await client.of(run).retryTask('one');
    await again.follow();
    assert.equal(again.state.run, run);
    assert.equal(await again.outcome(), 'failed', 'its script has no second attempt');
    assert.equal(again.state.tasks.get('one')?.attempts.length, 2);
  });

  describe('keys that a client hands over', () => {
    const KEY = 'sk-ant-handed-over-0123456789';
    const keyless = () => {
      const { ANTHROPIC_API_KEY: _, ...env } = place.env;
      return env;
    };

    it('are used by the runs that start then, and are never on the disk', async () => {
      const provider = await place.provider(headerTasks('one'));
      const client = await engines.ensure(place.folder, { env: keyless() });
      await client.setKeys({ anthropic: KEY, openai: 'sk-other-0123456789' });
      provider.interfere = ({ turn, role }) =>
        role === 'reviewer' && turn === 0 ? { status: 400, message: `no good: ${KEY}` } : null;
      const follower = new Follower(client);
      await client.startRun({ goal: GOAL });
      await follower.follow();
      await follower.outcome();
      assert.ok(provider.calls.length > 0);
      assert.deepEqual([...new Set(provider.calls.map(({ key }) => key))], [KEY]);
      const written = place.written();
      assert.ok(written.includes('[redacted]'), 'the error that names the key is there');
      for (const secret of [KEY, 'sk-other-0123456789']) assert.ok(!written.includes(secret));
    });

    it('come after those of the environment, and can be taken back', async () => {
      const provider = await place.provider(headerTasks('one'));
      const client = await start();
      await client.setKeys({ anthropic: KEY });
      const follower = new Follower(client);
      await client.startRun({ goal: GOAL });
      await follower.follow();
      await follower.outcome();
      assert.deepEqual([...new Set(provider.calls.map(({ key }) => key))], [SECRET]);
      await assert.rejects(client.setKeys({ nobody: 'x' } as Record<string, string>), /keys\/set/);
    });

    it('are missed where there are none', async () => {
      place.configure({ llm: { model: 'anthropic/claude-sonnet-4-6' } });
      const client = await engines.ensure(place.folder, { env: keyless() });
      await assert.rejects(client.startRun({ goal: GOAL }), /needs a key/);
      await client.setKeys({ anthropic: KEY });
      await client.setKeys({ anthropic: '' });
      await assert.rejects(client.startRun({ goal: GOAL }), /needs a key/);
      assert.equal(client.run, null);
    });
  });

  it('refuses a run that cannot start, with the remedy, and can start another then', async () => {
    await place.provider(headerTasks('one'));
    const client = await start();
    for (const [options, problem] of [
      [{ goal: GOAL, playbook: 'nowhere' }, /nowhere/],
      [{ goal: GOAL, model: 'nonsense' }, /not a model's name/],
      [{ goal: '  ' }, /goal is empty/],
    ] as const) {
      await assert.rejects(
        client.startRun(options),
        (error) => error instanceof UserError && problem.test(error.message) && error.remedy !== '',
      );
    }
    await assert.rejects(client.resumeRun(), /There are no runs/);
    const follower = new Follower(client);
    await client.startRun({ goal: GOAL });
    await follower.follow();
    assert.equal(await follower.outcome(), 'done', follower.story());
  });

  it('says why it does not start, in its own last words', async () => {
    const broken = join(place.folder, 'broken.mjs');
    writeFileSync(broken, 'throw new Error("the disk of dreams is full");\n');
    await assert.rejects(
      spawnEngine(place.folder, { ...program(place.env), script: broken }),
      (error) =>
        error instanceof UserError &&
        /did not start[\s\S]*disk of dreams/.test(error.message) &&
        error.remedy.includes('engine.log'),
    );
    await assert.rejects(
      ensureEngine(place.folder, { ...program(place.env), node: join(place.folder, 'no-node') }),
      /did not start.*ENOENT/,
    );
    await assert.rejects(ensureEngine(join(place.folder, 'gone'), program(place.env)), /no folder/);
  });

  it('is told apart from one of another version', async () => {
    const client = await start();
    for (const [version, older] of [
      [1, /client is the older/],
      [99, /engine is the older/],
    ] as const) {
      await assert.rejects(
        (client as unknown as { ask: (m: string, p: object) => Promise<void> }).ask('engine/hello', {
          version,
        }),
        (error) => error instanceof UserError && older.test(error.message) && error.remedy !== '',
      );
    }
    await client.shutdown();
    await until(() => !isAlive(client.pid), 'it does not end');
    // One of the first version knows nothing of clients.
    const socket = join(place.folder, '.auton', 'old.sock');
    const old = createServer((connection) => {
      connection.on('error', () => undefined);
      connection.on('data', (data) => {
        const id = Number(/"id":(\d+)/.exec(data.toString())?.[1]);
        const error = { code: -32602, message: 'engine/hello: Unrecognized key: "client"' };
        const body = JSON.stringify({ jsonrpc: '2.0', id, error });
        connection.write(`Content-Length: ${body.length}\r\n\r\n${body}`);
      });
    });
    await new Promise<void>((resolve) => old.listen(socket, resolve));
    writeEndpoint(place.folder, { socket, pid: process.pid });
    await assert.rejects(
      tryConnect(place.folder),
      (error) => error instanceof UserError && /another version/.test(error.message),
    );
    await new Promise((resolve) => old.close(resolve));
  });

  it('ends when its folder is gone', async () => {
    const client = await start();
    await place.close();
    await client.closed;
    await until(() => !isAlive(client.pid), 'it does not end');
    place = new EngineFolder();
  });
});
