import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

interface Machine {
  folder: string;
  root: string;
  env: Record<string, string>;
  platform: string;
  isRoot: boolean;
  isInteractive: boolean;
  say: (text: string) => void;
}
const script = join(process.cwd(), 'scripts/code-server.mjs');
const { setUpCodeServer, codeServer } = (await import(script)) as {
  setUpCodeServer: (machine: Machine, options?: { check?: boolean }) => number;
  codeServer: (machine: Machine) => { home: string; entry: string; node: string; browser?: string };
};

describe('getting a VS Code for tests', () => {
  let folder: string;
  let said: string[];
  let machine: Machine;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'auton-setup-'));
    said = [];
    machine = {
      folder,
      root: '/',
      // A platform whose libraries are not looked for: what is tested here is the rest.
      ...{ platform: 'test', isRoot: true, isInteractive: false },
      env: { PATH: join(folder, 'bin') },
      say: (text) => said.push(text),
    };
    for (const name of ['chromium', 'pkg-config']) program(join(folder, 'bin', name), 'exit 0');
    program(codeServer(machine).node, 'read outcome < "$1" && [ "$outcome" = whole ]');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function program(path: string, text: string) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `#!/bin/sh\n${text}\n`);
    chmodSync(path, 0o755);
  }
  /** An npm that unpacks what its call asks for, or fails half way. */
  function npm(outcome: 'whole' | 'broken' | 'fails') {
    program(
      join(folder, 'bin/npm'),
      `PATH=/usr/bin:/bin
echo "$npm_config_ignore_scripts $*" >> ${folder}/npm.log
cat package.json >> ${folder}/npm.log
[ -e node_modules ] && exit 8
mkdir -p node_modules/code-server/out/node node_modules/code-server/lib/vscode/out
[ ${outcome} = fails ] && exit 7
echo '{"version":"4.139.1"}' > node_modules/code-server/package.json
echo ${outcome} > node_modules/code-server/out/node/entry.js
echo ${outcome} > node_modules/code-server/lib/vscode/out/server-main.js`,
    );
  }
  const log = () => readFileSync(join(folder, 'npm.log'), 'utf8');

  it('installs the pinned version once, with its install scripts, after saying so', () => {
    npm('whole');
    assert.equal(setUpCodeServer(machine), 0, said.join('\n'));
    assert.match(said[0] ?? '', /installing code-server 4\.139\.1/);
    assert.match(log(), /^false install .*\n.*"code-server":"4\.139\.1"/);
    assert.ok(existsSync(codeServer(machine).entry));
    rmSync(join(folder, 'npm.log'));
    assert.equal(setUpCodeServer(machine), 0);
    assert.equal(existsSync(join(folder, 'npm.log')), false);
  });

  it('replaces another version', () => {
    npm('whole');
    setUpCodeServer(machine);
    const manifest = join(codeServer(machine).home, 'node_modules/code-server/package.json');
    writeFileSync(manifest, '{"version":"4.0.0"}');
    assert.equal(setUpCodeServer(machine, { check: true }), 1);
    assert.match(said.at(-1) ?? '', /it is 4\.0\.0, not 4\.139\.1/);
    assert.equal(setUpCodeServer(machine), 0);
    assert.match(readFileSync(manifest, 'utf8'), /4\.139\.1/);
  });

  it('leaves nothing that looks installed when npm fails, and starts from nothing the next time', () => {
    npm('fails');
    assert.equal(setUpCodeServer(machine), 1);
    assert.match(said.join('\n'), /could not be installed: npm ended with 7/);
    assert.equal(existsSync(codeServer(machine).home), false);
    npm('whole');
    assert.equal(setUpCodeServer(machine), 0, said.join('\n'));
  });

  it('does not take what npm calls a success for one when it does not start', () => {
    npm('broken');
    assert.equal(setUpCodeServer(machine), 1);
    assert.match(said.join('\n'), /could not be installed: it does not start/);
    assert.equal(existsSync(codeServer(machine).home), false);
  });
});
