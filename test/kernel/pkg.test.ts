import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PROFILES } from '../../src/kernel/architectures.ts';
import { findProgram } from '../../src/kernel/toolchain.ts';
import { hostTool } from './build.ts';
import { buildKernel, ShellMachine } from './fs/machine.ts';

describe('the packages of the reference kernel', () => {
  let folder: string;
  let kernel: string;
  let machine: ShellMachine | undefined;

  before(async function () {
    if (!findProgram(PROFILES.x86_64.qemu, process.env)) {
      console.log(`    ${PROFILES.x86_64.qemu} is missing`);
      this.skip();
    }
    folder = mkdtempSync(join(tmpdir(), 'auton-pkg-'));
    kernel = await buildKernel(folder, ['pkg', 'net']);
  });
  afterEach(async () => {
    await machine?.kill();
    machine = undefined;
  });
  after(() => {
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  /** A package made by the kernel's own tool. */
  function pack(name: string, version: string, depends: string, contents: string): string {
    const source = join(folder, `${name}-${version}`);
    mkdirSync(join(source, 'data'), { recursive: true });
    const lines = [`name=${name}`, `version=${version}`, 'category=test', `depends=${depends}`];
    writeFileSync(join(source, 'MANIFEST'), `${lines.join('\n')}\nfile=/srv/${name}.txt,data/text,644\n`);
    writeFileSync(join(source, 'data/text'), contents);
    execFileSync(hostTool('x86_64', 'pkg/mkpkg'), [folder, source]);
    return `${source}.tar`;
  }

  it('installs on a disk what is there after the next start', async () => {
    const image = join(folder, 'disk.img');
    writeFileSync(image, '');
    truncateSync(image, 20 << 20);
    machine = await ShellMachine.boot(kernel, [image]);
    assert.match(await machine.ask('pkg list'), /^httpd +1\.0 +What the web server/m);
    await machine.ask('mkfs vda');
    await machine.ask('mount vda /mnt');
    assert.equal(await machine.ask('cp -r /var /mnt'), '');
    await machine.switchOff();

    machine = await ShellMachine.boot(kernel, [image], ['-append', 'root=vda']);
    assert.match(await machine.ask('pkg install httpd'), /Installed web-style[^]*Installed httpd/);
    await machine.kill(); // What was installed has reached the disk by itself.

    machine = await ShellMachine.boot(kernel, [image], ['-append', 'root=vda']);
    assert.match(await machine.ask('pkg verify httpd'), /as they were installed/);
    assert.match(await machine.ask('cat /srv/www/index.html'), /It works/);
    assert.match(await machine.ask('pkg remove web-style'), /httpd needs web-style/);
    assert.match(await machine.ask('pkg remove httpd'), /Removed httpd/);
    assert.match(await machine.ask('ls /srv/www'), /^style\.css\n$/);
  });

  it('installs from the network, and nothing that is damaged on its way', async () => {
    const good = readFileSync(pack('greeting', '2.0', 'web-style', 'hello from the host\n'));
    const damaged = Buffer.from(good);
    damaged.write('H', good.indexOf('hello'));
    const server = createServer(({ url }, response) => {
      if (url === '/greeting.tar') response.end(good);
      else if (url === '/damaged.tar') response.end(damaged);
      else response.writeHead(404).end();
    }).listen(0, '127.0.0.1');
    try {
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      const net = ['-netdev', 'user,id=n0', '-device', 'virtio-net-pci,netdev=n0,disable-legacy=on,romfile='];
      machine = await ShellMachine.boot(kernel, [], net);
      while (!/10\.0\.2\.15/.test(await machine.ask('ip'))) await sleep(200);
      const host = `http://10.0.2.2:${port}`;
      assert.match(await machine.ask(`pkg install ${host}/damaged.tar`), /not what its sum says/);
      assert.match(await machine.ask(`pkg install ${host}/none.tar`), /the server says 404/);
      assert.doesNotMatch(await machine.ask('pkg list'), /greeting|web-style.*installed/);
      assert.match(
        await machine.ask(`pkg install ${host}/greeting.tar`),
        /web-style[^]*Installed greeting 2\.0/,
      );
      assert.equal(await machine.ask('cat /srv/greeting.txt'), 'hello from the host\n');
      assert.match(await machine.ask('pkg info greeting'), new RegExp(`from ${host}/greeting.tar`));
      assert.equal(await machine.ask('ls /var/pkg/cache'), '');
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});
