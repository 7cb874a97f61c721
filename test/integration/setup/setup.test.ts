import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

interface Tool {
  name: string;
  commands?: string[];
  files?: string[];
  platform?: string;
  apt: string | null;
}
interface Machine {
  folder: string;
  root: string;
  env: Record<string, string>;
  platform: string;
  isRoot: boolean;
  isInteractive: boolean;
  say: (text: string) => void;
}
const { SYSTEM_TOOLS } = (await import(join(process.cwd(), 'scripts/system-tools.mjs'))) as {
  SYSTEM_TOOLS: Tool[];
};
const { setUp } = (await import(join(process.cwd(), 'scripts/setup.mjs'))) as {
  setUp: (machine: Machine, options?: { check?: boolean }) => number;
};
const LOCK = readFileSync('package-lock.json', 'utf8');

describe('setting a machine up', () => {
  let folder: string;
  let bin: string;
  let root: string;
  let project: string;
  let said: string[];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'auton-setup-'));
    [bin, root, project] = ['bin', 'root', 'project'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    for (const path of [bin, root, project]) mkdirSync(path);
    said = [];
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const machine = (changes: Partial<Machine> = {}): Machine => ({
    folder: project,
    root,
    env: { PATH: bin },
    platform: 'linux',
    isRoot: true,
    isInteractive: false,
    say: (text) => said.push(text),
    ...changes,
  });
  const write = (path: string, text: string) => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  };
  const program = (name: string, script = 'exit 0') => {
    write(join(bin, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(bin, name), 0o755);
  };
  const provide = (tool: Tool) => {
    if (tool.commands?.[0]) program(tool.commands[0]);
    else write(join(root, tool.files?.[0] ?? ''), '');
  };
  /** npm dependencies as npm leaves them, for a project with one of them. */
  const npmInstalled = (version = '1.0.0') => {
    const packages = { '': {}, 'node_modules/node': { version } };
    write(join(project, 'node_modules/.package-lock.json'), JSON.stringify({ packages }));
    write(join(project, 'node_modules/node/bin/node'), '');
  };
  const lockFile = () => {
    const packages = {
      '': {},
      'node_modules/node': { version: '1.0.0' },
      'node_modules/only-elsewhere': { version: '1.0.0', optional: true },
    };
    write(join(project, 'package-lock.json'), JSON.stringify({ packages }));
  };
  /** An apt-get that writes down how it was called and installs what it is asked for. */
  const aptGet = (options: { failFirst?: boolean; installs?: boolean } = {}) => {
    const log = join(folder, 'apt.log');
    const rows = SYSTEM_TOOLS.map((tool) =>
      tool.commands?.[0]
        ? `${tool.apt}) printf '#!/bin/sh\\n' > ${bin}/${tool.commands[0]}; chmod +x ${bin}/${tool.commands[0]};;`
        : `${tool.apt}) mkdir -p ${dirname(join(root, tool.files?.[0] ?? ''))}; : > ${join(root, tool.files?.[0] ?? '')};;`,
    );
    program(
      'apt-get',
      `PATH=/usr/bin:/bin; echo "$DEBIAN_FRONTEND $*" >> ${log}
case " $* " in *" update "*) touch ${folder}/updated; exit 0;; esac
${options.failFirst ? `[ -e ${folder}/updated ] || exit 100` : ''}
${options.installs === false ? 'exit 0' : `for p in "$@"; do case $p in ${rows.join('\n')} esac; done`}`,
    );
    program(
      'env',
      'PATH=/usr/bin:/bin; while case $1 in *=*) true;; *) false;; esac; do export "$1"; shift; done; exec ' +
        `${bin}/"$@"`,
    );
    return () => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : []);
  };
  const packageLists = () => write(join(root, 'var/lib/apt/lists/x_Packages'), '');

  it('says nothing and does nothing where everything is there', () => {
    SYSTEM_TOOLS.forEach(provide);
    lockFile();
    npmInstalled();
    program('npm', 'exit 9');
    program('apt-get', 'exit 9');
    assert.equal(setUp(machine()), 0);
    assert.deepEqual(said, []);
    assert.equal(setUp(machine(), { check: true }), 0);
    assert.deepEqual(said, ['Everything is installed.']);
  });

  it('says what it installs and why before it does, and installs just that', () => {
    const missing = ['nasm', 'QEMU for x86_64', 'pci.ids'];
    SYSTEM_TOOLS.filter(({ name }) => !missing.includes(name)).forEach(provide);
    lockFile();
    npmInstalled();
    packageLists();
    const calls = aptGet();
    const before: number[] = [];
    const status = setUp(machine({ say: (text) => (before.push(calls().length), said.push(text)) }));
    assert.equal(status, 0, said.join('\n'));
    assert.equal(calls().length, 1);
    assert.match(
      calls()[0] ?? '',
      /^noninteractive .*install -y --no-install-recommends nasm qemu-system-x86 pci\.ids$/,
    );
    assert.match(said.slice(0, 5).join('\n'), /nasm: assembles.*\n.*QEMU for x86_64: boots the kernel/);
    assert.deepEqual(before.slice(0, 5), [0, 0, 0, 0, 0]);
    assert.equal(said.at(-1), 'Set-up: done.');
  });

  it('fetches the package lists where there are none, and where they are too old', () => {
    for (const old of [false, true]) {
      rmSync(bin, { recursive: true });
      rmSync(root, { recursive: true });
      rmSync(join(folder, 'apt.log'), { force: true });
      rmSync(join(folder, 'updated'), { force: true });
      SYSTEM_TOOLS.slice(1).forEach(provide);
      lockFile();
      npmInstalled();
      if (old) packageLists();
      const calls = aptGet({ failFirst: old });
      assert.equal(setUp(machine()), 0, said.join('\n'));
      const verbs = calls().map((line) => (line.includes(' update') ? 'update' : 'install'));
      assert.deepEqual(verbs, old ? ['install', 'update', 'install'] : ['update', 'install']);
    }
  });

  it('uses sudo when it is not root, without a prompt where nobody can answer', () => {
    SYSTEM_TOOLS.slice(1).forEach(provide);
    lockFile();
    npmInstalled();
    packageLists();
    const calls = aptGet();
    program('sudo', `echo "sudo $*" >> ${folder}/sudo.log; [ "$1" = -n ] && shift; exec ${bin}/"$@"`);
    assert.equal(setUp(machine({ isRoot: false })), 0, said.join('\n'));
    assert.match(
      readFileSync(join(folder, 'sudo.log'), 'utf8'),
      /^sudo -n env DEBIAN_FRONTEND=noninteractive apt-get /,
    );
    assert.equal(calls().length, 1);
  });

  it('prints the commands for every package manager where it cannot install', () => {
    lockFile();
    npmInstalled();
    for (const [name, changes] of [
      ['no apt-get', {}],
      ['no root and no sudo', { isRoot: false }],
    ] as [string, Partial<Machine>][]) {
      said.length = 0;
      if (changes.isRoot === false) aptGet();
      assert.equal(setUp(machine(changes)), 1, name);
      const text = said.join('\n');
      assert.match(text, /apt: +sudo apt-get update && sudo apt-get install .* nasm .*qemu-system-x86/);
      assert.match(text, /dnf: +sudo dnf install -y .* nasm .*qemu-system-x86-core/);
      assert.match(text, /pacman: +sudo pacman -S --needed .* nasm .*qemu-system-x86/);
      assert.match(text, /brew: +brew install .* nasm qemu/);
      assert.doesNotMatch(text, /null|undefined/);
    }
  });

  it('fails when apt-get succeeds and a tool is missing all the same', () => {
    lockFile();
    npmInstalled();
    packageLists();
    aptGet({ installs: false });
    assert.equal(setUp(machine()), 1);
    assert.match(said.join('\n'), /still missing after the installation: git, ripgrep/);
  });

  it('only looks with --check', () => {
    lockFile();
    const calls = aptGet();
    assert.equal(setUp(machine(), { check: true }), 1);
    assert.match(
      said.join('\n'),
      /missing: nasm \(assembles the x86_64 parts\)[\s\S]*npm dependencies: they are not installed/,
    );
    assert.deepEqual(calls(), []);
  });

  describe('the npm dependencies', () => {
    beforeEach(() => {
      SYSTEM_TOOLS.forEach(provide);
      lockFile();
    });
    const npm = (status = 0) =>
      program(
        'npm',
        `PATH=/usr/bin:/bin; echo "$* in $(pwd)" >> ${folder}/npm.log
[ ${status} = 0 ] || exit ${status}
mkdir -p node_modules/node/bin; : > node_modules/node/bin/node
echo '{"packages":{"node_modules/node":{"version":"1.0.0"}}}' > node_modules/.package-lock.json`,
      );

    it('are installed when they are missing, of another version, half there, or without their Node', () => {
      npm();
      for (const damage of [
        () => undefined,
        () => npmInstalled('0.9.0'),
        () => rmSync(join(project, 'node_modules/.package-lock.json')),
        () => rmSync(join(project, 'node_modules/node/bin/node')),
        () => rmSync(join(project, 'node_modules/node'), { recursive: true }),
      ]) {
        damage();
        assert.equal(setUp(machine()), 0, said.join('\n'));
        assert.match(readFileSync(join(folder, 'npm.log'), 'utf8'), new RegExp(`^ci .* in ${project}\n$`));
        rmSync(join(folder, 'npm.log'));
        assert.equal(setUp(machine()), 0);
        assert.equal(existsSync(join(folder, 'npm.log')), false, 'once');
      }
    });

    it('fail the set-up when npm does', () => {
      npm(7);
      assert.equal(setUp(machine()), 1);
      assert.match(said.join('\n'), /npm ci ended with 7/);
    });
  });

  it('runs as a program on an empty machine and says what to do', () => {
    cpSync('scripts', join(project, 'scripts'), { recursive: true });
    writeFileSync(join(project, 'package-lock.json'), LOCK);
    const result = spawnSync(process.execPath, [join(project, 'scripts/setup.mjs'), '--check'], {
      env: { PATH: bin },
      encoding: 'utf8',
    });
    assert.equal(result.status, 1);
    assert.match(result.stderr, /npm dependencies: they are not installed/);
  });
});

describe('the lock file', () => {
  it('names no registry, so that each machine uses its own', () => {
    assert.equal(LOCK.includes('"resolved"'), false);
  });

  it('decides on the install script of every package that has one', () => {
    const { packages } = JSON.parse(LOCK) as {
      packages: Record<string, { hasInstallScript?: boolean }>;
    };
    const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as {
      allowScripts: Record<string, boolean>;
    };
    const needed = Object.entries(packages)
      .filter(([, entry]) => entry.hasInstallScript)
      .map(([path]) => path.replace('node_modules/', ''));
    assert.deepEqual(Object.keys(manifest.allowScripts).sort(), needed.sort());
  });
});
