import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../../../src/protocol/errors.ts';
import { cacheFolder, environmentPlace, type PythonMachine } from '../../../src/slm/python/environment.ts';
import { findPython, requirePython } from '../../../src/slm/python/python.ts';

describe('the Python of the SLM pipeline', () => {
  let folder: string;
  let index: Server;

  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'auton-python-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  after(() => index?.close());

  /** A machine whose only Python is a shell script, or that has those of this one. */
  function machine(script?: string, env: Record<string, string> = {}): PythonMachine {
    const slm = join(folder, 'SLM');
    mkdirSync(slm, { recursive: true });
    writeFileSync(join(slm, 'requirements.txt'), '# what it needs\nno-such-package==1.0\n');
    const PATH = script === undefined ? process.env.PATH : program('bin/python3', script);
    return { package: slm, cache: join(folder, 'cache'), env: { PATH, ...env }, platform: 'linux' };
  }
  /** Writes a program; the PATH that has it. */
  function program(name: string, script: string): string {
    const file = join(folder, name);
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(file, `#!/bin/sh\n${script}\n`);
    chmodSync(file, 0o755);
    return join(file, '..');
  }
  async function refusal(on: PythonMachine, signal?: AbortSignal): Promise<string> {
    const error = await requirePython({ machine: on, signal }).then(
      () => assert.fail('there is a Python'),
      (reason: unknown) => reason,
    );
    if (!(error instanceof UserError)) throw error;
    assert.notEqual(error.remedy, '');
    return error.message;
  }

  it('is not looked for in the network until it is asked for', async () => {
    assert.equal(await findPython(machine()), null);
    assert.equal(existsSync(join(folder, 'cache')), false);
  });

  it('must be there, and new enough', async () => {
    const none = machine('exit 1');
    rmSync(join(folder, 'bin'), { recursive: true });
    assert.match(await refusal(none), /needs Python, and there is none/);
    assert.match(await refusal(machine('echo 3.9.2')), /needs Python 3\.11 or newer; python3 is 3\.9\.2/);
  });

  it('must be able to make environments', async () => {
    const debian =
      'case "$1" in -c) echo 3.11.2;; *) echo "install the python3-venv package, ensurepip is not available"; exit 1;; esac';
    assert.match(await refusal(machine(debian)), /cannot make one/);
  });

  it('says what kept the packages away, and leaves nothing half done', async () => {
    index = createServer((_request, response) => response.writeHead(403, 'Forbidden').end());
    await new Promise<void>((resolve) => index.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(index.address() as AddressInfo).port}/simple`;
    const on = machine(undefined, { PIP_INDEX_URL: url, PIP_RETRIES: '0', PIP_CONFIG_FILE: '/dev/null' });
    assert.match(
      await refusal(on),
      /could not be installed: .*no-such-package==1\.0, or the package index refuses it/,
    );
    const full =
      'case "$*" in -c*) echo 3.12.1;; *) echo "OSError: [Errno 28] No space left on device"; exit 1;; esac';
    assert.match(await refusal(machine(full)), /disk has no room/);
    assert.deepEqual(readdirSync(join(folder, 'cache')), []);
  });

  it('can be stopped while it is installed', async () => {
    const slow = 'case "$1" in -c) echo 3.12.1;; *) /bin/sleep 60;; esac';
    const stop = new AbortController();
    const waiting = requirePython({ machine: machine(slow), signal: stop.signal });
    setTimeout(() => stop.abort(new Error('enough')), 300);
    await assert.rejects(waiting, /enough/);
    assert.deepEqual(readdirSync(join(folder, 'cache')), []);
  });

  it('can be one of the user, if that has the packages', async () => {
    const given = (script: string) => {
      program('own/python', script);
      return machine('exit 1', { AUTON_SLM_PYTHON: join(folder, 'own/python') });
    };
    assert.match(await refusal(given('echo missing torch yaml; echo home /')), /has no torch, yaml/);
    assert.match(await refusal(given('echo broken >&2; exit 3')), /does not run: broken/);
    rmSync(join(folder, 'own'), { recursive: true });
    const gone = machine('exit 1', { AUTON_SLM_PYTHON: join(folder, 'own/python') });
    assert.match(await refusal(gone), /does not exist/);
    const python = await findPython(given('echo missing; echo home /opt/python'));
    assert.equal(python?.program, join(folder, 'own/python'));
  });

  it('has another place when its packages change, not when a comment does', () => {
    const on = machine();
    const before = environmentPlace(on).home;
    writeFileSync(join(on.package, 'requirements.txt'), '# other words\nno-such-package==1.0\n\n');
    assert.equal(environmentPlace(on).home, before);
    writeFileSync(join(on.package, 'requirements.txt'), 'no-such-package==1.1\n');
    assert.notEqual(environmentPlace(on).home, before);
  });

  it('lies in the cache of the user, or below a checkout', () => {
    assert.equal(cacheFolder(folder, { XDG_CACHE_HOME: '/users/cache' }), '/users/cache/auton/python');
    mkdirSync(join(folder, '.git'));
    assert.equal(cacheFolder(folder, {}), join(folder, '.cache', 'python'));
  });
});
