import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { connect as connectSocket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, tryConnect, type EngineClient } from '../../../src/engine/client.ts';
import { readEndpoint, socketPath, writeEndpoint } from '../../../src/engine/endpoint.ts';
import { Engine } from '../../../src/engine/engine.ts';
import { serve, type EngineServer } from '../../../src/engine/server.ts';
import type { LiveOutput } from '../../../src/protocol/control.ts';
import { UserError } from '../../../src/protocol/errors.ts';
import type { RunEvent } from '../../../src/protocol/events.ts';
import { foldEvents } from '../../../src/protocol/fold.ts';
import { LoggedRun } from '../../fixtures/logged-run.ts';
import { sampleRun } from '../../fixtures/run-log.ts';

describe('the engine over its socket', () => {
  let folder: string;
  let run: LoggedRun;
  let server: EngineServer;
  const clients: EngineClient[] = [];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'auton-rpc-'));
    run = new LoggedRun(join(folder, '.auton', 'runs', 'r1'), sampleRun('working'));
    server = await host(folder);
  });

  /** An engine with the run at work. */
  async function host(folder: string): Promise<EngineServer> {
    const startRun = () => Promise.resolve(run);
    const engine = new Engine({ folder, env: process.env, startRun });
    const served = await serve(engine, process.env);
    assert.ok(served, 'nobody else serves the folder');
    await engine.start({ goal: run.state.goal });
    return served;
  }

  afterEach(async () => {
    for (const client of clients.splice(0)) client.dispose();
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function client(): Promise<EngineClient> {
    const connected = await connect(folder);
    clients.push(connected);
    return connected;
  }

  it('is found by its folder and says which run it hosts', async () => {
    const watcher = await client();
    assert.equal(watcher.run, run.state.run);
    assert.equal(watcher.runFolder, run.folder);
    assert.equal(watcher.pid, process.pid);
  });

  it('can be entered by its user only', function () {
    if (process.platform === 'win32') {
      console.log('skipped: named pipes have no file mode');
      this.skip();
    }
    assert.equal(statSync(server.socket).mode & 0o777, 0o600);
  });

  it('gives a subscriber every event exactly once, those of the past first', async () => {
    const watcher = await client();
    const seen: RunEvent[] = [];
    const subscribed = watcher.subscribe({ onEvent: (event) => seen.push(event) });
    run.append({ type: 'notice', level: 'info', text: 'while the subscription is on its way' });
    await subscribed;
    run.append({ type: 'notice', level: 'info', text: 'after it' });
    await until(() => seen.length === run.state.lastSeq);
    assert.deepEqual(
      seen.map(({ seq }) => seq),
      Array.from({ length: run.state.lastSeq }, (_, index) => index + 1),
    );
    assert.deepEqual(foldEvents(seen), run.state);
  });

  it('gives only what is new to a subscriber that knows the beginning', async () => {
    const watcher = await client();
    const seen: number[] = [];
    await watcher.subscribe({ onEvent: ({ seq }) => seen.push(seq) }, run.state.lastSeq - 2);
    assert.deepEqual(seen, [run.state.lastSeq - 1, run.state.lastSeq]);
  });

  it('passes live output on to those who asked for it', async () => {
    const [watcher, other] = [await client(), await client()];
    const seen: LiveOutput[] = [];
    await watcher.subscribe({ onEvent: () => undefined, onOutput: (output) => seen.push(output) });
    await other.subscribe({ onEvent: () => undefined });
    run.print({ kind: 'serial', source: 'boot', text: '[BOOT] OK\n' });
    await until(() => seen.length === 1);
    assert.deepEqual(seen, [{ kind: 'serial', source: 'boot', text: '[BOOT] OK\n' }]);
  });

  it('lets any client control the run', async () => {
    const controller = await client();
    await controller.pause();
    await controller.setBudget(12.5);
    await controller.skipTask('boot');
    await controller.sendMessage('developer-1', 'Mind the alignment.');
    assert.equal(run.state.status, 'paused');
    assert.equal(run.state.maxCostUsd, 12.5);
    assert.equal(run.state.tasks.get('boot')?.state, 'skipped');
    assert.deepEqual(run.state.messages, [
      { to: 'developer-1', text: 'Mind the alignment.', delivered: false },
    ]);
  });

  it('hands the remedy of an error over to the client', async () => {
    const controller = await client();
    await assert.rejects(
      () => controller.continue(),
      (error: unknown) =>
        error instanceof UserError &&
        error.message === 'The run is not paused.' &&
        error.remedy === 'There is nothing to continue.' &&
        error.exitCode === 2,
    );
  });

  it('answers a defect with an error and goes on', async () => {
    const controller = await client();
    await assert.rejects(() => controller.cancel(), /a defect/);
    await controller.setBudget(1);
    assert.equal(run.state.maxCostUsd, 1);
  });

  it('refuses parameters that make no sense, naming them', async () => {
    const controller = await client();
    await assert.rejects(() => controller.setBudget(-1), /run\/setBudget: maxCostUsd/);
    await assert.rejects(() => controller.retryTask('../etc'), /task\/retry: task/);
    assert.equal(run.state.maxCostUsd, 50);
  });

  const garbage: [string, string][] = [
    ['no header', 'hello there\r\n\r\n'],
    ['a length that is no number', 'Content-Length: many\r\n\r\n{}'],
    ['a body that is not JSON', frame('{"jsonrpc":')],
    ['a body that is not an object', frame('null')],
    ['a request without a method', frame('{"jsonrpc":"2.0","id":1}')],
    ['an unknown method', frame('{"jsonrpc":"2.0","id":1,"method":"engine/format"}')],
    ['parameters by position', frame('{"jsonrpc":"2.0","id":1,"method":"task/retry","params":["boot"]}')],
    ['a prototype name as a method', frame('{"jsonrpc":"2.0","id":1,"method":"__proto__","params":{}}')],
  ];
  for (const [what, bytes] of garbage) {
    it(`survives ${what}`, async () => {
      const socket = connectSocket(server.socket);
      await once(socket, 'connect');
      const answered = what.includes('method') || what.includes('position') || what.includes('JSON');
      const answer = answered && !what.includes('without') ? once(socket, 'data') : Promise.resolve([]);
      socket.write(bytes);
      const [data] = (await answer) as [Buffer?];
      if (data) assert.match(data.toString(), /"error":\{"code":-32\d{3}/);
      assert.equal((await client()).run, run.state.run);
      socket.destroy();
    });
  }

  it('tells its clients how the run stopped', async () => {
    const watcher = await client();
    await watcher.subscribe({ onEvent: () => undefined });
    const stopped = new Promise((resolve) => watcher.onRunStopped(resolve));
    run.stop('done');
    assert.deepEqual(await stopped, { run: run.state.run, outcome: 'done' });
    assert.equal(watcher.run, null);
  });

  it('refuses a second engine in the same folder', async () => {
    const other = new Engine({ folder, env: process.env });
    assert.equal(await serve(other, process.env), null);
    assert.equal((await client()).run, run.state.run);
  });

  it('leaves nothing behind when it closes', async () => {
    await server.close();
    assert.equal(existsSync(server.socket), false);
    assert.equal(readEndpoint(folder), null);
    await assert.rejects(() => connect(folder), /No run is active in this folder.*/);
    server = await host(folder);
  });

  it('takes the place of an engine that was killed', async () => {
    await server.close();
    const listenForEver =
      'require("node:net").createServer().listen(process.argv[1], () => console.log("up"))';
    const killed = spawn(process.execPath, ['-e', listenForEver, server.socket]);
    await once(killed.stdout, 'data');
    writeEndpoint(folder, { socket: server.socket, pid: killed.pid ?? 0 });
    killed.kill('SIGKILL');
    await once(killed, 'exit');
    assert.ok(existsSync(server.socket));
    assert.equal(await tryConnect(folder), null);
    server = await host(folder);
    assert.equal((await client()).pid, process.pid);
  });

  it('moves its socket where the path fits when the folder is deep', async () => {
    const deep = join(folder, 'a'.repeat(60), 'b'.repeat(60));
    mkdirSync(deep, { recursive: true });
    assert.ok(socketPath(deep, process.env).length <= 103);
    const second = await host(deep);
    const connected = await connect(deep);
    assert.equal(connected.run, run.state.run);
    connected.dispose();
    await second.close();
    assert.equal(existsSync(second.socket), false);
  });
});

function frame(body: string): string {
  return `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}
