import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PROFILES } from '../../src/kernel/architectures.ts';
import { findProgram } from '../../src/kernel/toolchain.ts';
import { buildKernel, ShellMachine } from './fs/machine.ts';
import { ahciDisk, damages, loadedParts, nvmeDisk, partition } from './setup/disk.ts';

const run = promisify(execFile);
const DISK = 32 << 20;
const NETWORK = ['-netdev', 'user,id=n0,restrict=on', '-device', 'virtio-net-pci,netdev=n0,romfile='];

describe('the kernel sets itself up in conversation', () => {
  let folder: string;
  let kernel: string;

  before(async function () {
    if (!findProgram(PROFILES.x86_64.qemu, process.env) || !findProgram('e2fsck', process.env)) {
      console.log('    QEMU or e2fsck is missing');
      this.skip();
    }
    folder = mkdtempSync(join(tmpdir(), 'auton-setup-'));
    kernel = await buildKernel(folder, ['setup']);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const blank = (name: string) => {
    const file = join(folder, name);
    writeFileSync(file, '');
    truncateSync(file, DISK);
    return file;
  };

  it('on an empty disk, which starts by itself then, on whatever controller', async () => {
    const disk = blank('disk');
    const first = await ShellMachine.boot(kernel, [disk]);
    assert.match(await first.ask('install yourself on the disk'), /Plan for vda \(32 MB, empty\)/);
    for (const said of [/one partition/, /ext2/, /[1-9]\d* files/, /in \/boot/, /Done.*root=vda1/])
      assert.match(await first.ask('go'), said);
    assert.match(await first.ask('install yourself on the disk'), /no empty disk/);
    await first.kill();
    await run('e2fsck', ['-fn', partition(disk)]);
    await run('debugfs', ['-R', `dump /boot/kernel.elf ${disk}.elf`, partition(disk)]);
    assert.deepEqual(loadedParts(`${disk}.elf`), loadedParts(kernel));

    const virtio = await ShellMachine.boot(undefined, [disk], NETWORK);
    assert.match(virtio.text, /AUTON: starting \/boot\/kernel\.elf/);
    assert.match(await virtio.ask('mount'), /vda1 on \/ type ext2/);
    assert.match(await virtio.ask('check disk usage'), /\/ \(ext2 on vda1\): .* used/);
    await virtio.ask('write /etc/note kept');
    assert.match(
      await virtio.ask('set the address of eth0 to 10.0.2.50/24 with gateway 10.0.3.1'),
      /gateway is not in that network/,
    );
    assert.match(
      await virtio.ask('set the address of eth0 to 10.0.2.50/24 with gateway 10.0.2.2'),
      /Plan for eth0/,
    );
    assert.match(await virtio.ask('go'), /kept in \/etc\/network.*\s.*10\.0\.2\.2 answers/);
    await virtio.switchOff();
    await run('e2fsck', ['-fn', partition(disk)]);

    const ahci = await ShellMachine.boot(undefined, [disk], NETWORK, ahciDisk);
    assert.match(await ahci.ask('mount'), /sda1 on \/ type ext2/);
    assert.equal((await ahci.ask('cat /etc/note')).trim(), 'kept');
    assert.match(await ahci.ask('ip'), /IP 10\.0\.2\.50 {2}mask 255\.255\.255\.0 {2}gateway 10\.0\.2\.2/);
    assert.doesNotMatch(ahci.text, /DHCP: obtained/);
    assert.match(await ahci.ask('use dhcp again'), /Plan for eth0, now 10\.0\.2\.50/);
    assert.match(await ahci.ask('go'), /by DHCP; that is kept in \/etc\/network/);
    await ahci.switchOff();

    const nvme = await ShellMachine.boot(undefined, [disk], NETWORK, nvmeDisk);
    assert.match(nvme.text, /DHCP: obtained 10\.0\.2\.15/);
    assert.match(await nvme.ask('mount'), /nvme0n1p1 on \/ type ext2/);
    assert.equal((await nvme.ask('cat /etc/note')).trim(), 'kept');
    await nvme.ask('write /etc/more synced');
    await nvme.ask('sync');
    await nvme.kill();
    await run('e2fsck', ['-fy', partition(disk)]).catch(({ code }: { code: number }) =>
      assert.equal(code, 1),
    );
    const { stdout } = await run('debugfs', ['-R', 'cat /etc/more', partition(disk)]);
    assert.match(stdout, /^synced/);
  });

  it('with a loader that says what is wrong with a damaged disk', async () => {
    const whole = readFileSync(join(folder, 'disk'));
    const code = readFileSync(kernel).subarray(0x40000, 0x40040);
    for (const { damage, says } of damages(code)) {
      const disk = join(folder, 'damaged');
      const bytes = Buffer.from(whole);
      writeFileSync(disk, bytes);
      await damage(bytes, disk);
      assert.match(await ShellMachine.says(disk, says), says);
    }
  });

  it('with a GPT when asked, and on a disk of more than 2 TB', async function () {
    if (!findProgram('sgdisk', process.env)) {
      console.log('    sgdisk is missing');
      this.skip();
    }
    const [disk, huge] = [blank('gpt'), blank('huge')];
    truncateSync(huge, 3 * 2 ** 40);
    const first = await ShellMachine.boot(kernel, [disk, huge]);
    assert.match(
      await first.ask('install yourself on vdb'),
      /Plan for vdb \(3145728 MB, empty\):\s+1\..*\(GPT\)/,
    );
    assert.match(await first.ask('go'), /one partition/);
    assert.match(await first.ask('install yourself on vda with a gpt'), /Plan for vda .*\s+1\..*\(GPT\)/);
    for (let step = 1; step <= 5; step++) await first.ask('go');
    await first.switchOff();
    for (const file of [disk, huge]) {
      const { stdout } = await run('sgdisk', ['-v', file]);
      assert.match(stdout, /No problems found/);
    }
    rmSync(huge);
    const second = await ShellMachine.boot(undefined, [disk]);
    assert.match(await second.ask('mount'), /vda1 on \/ type ext2/);
    await second.switchOff();
    await run('e2fsck', ['-fn', partition(disk)]);
  });

  it('never on a disk that has something on it', async () => {
    const disk = blank('used');
    const fd = openSync(disk, 'r+');
    closeSync(fd);
    writeFileSync(disk, Buffer.concat([Buffer.alloc(4096), Buffer.from('mine'), Buffer.alloc(DISK - 4100)]));
    const before = readFileSync(disk);
    const machine = await ShellMachine.boot(kernel, [disk]);
    assert.match(await machine.ask('install yourself on vda'), /destroy no data/);
    assert.match(await machine.ask('go'), /no plan/);
    await machine.kill();
    assert.ok(readFileSync(disk).equals(before));
  });

  it('as a web server, which a browser of the host reads while the prompt stays', async () => {
    const port = 18_000 + (process.pid % 1000);
    const net = `user,id=n0,restrict=on,hostfwd=tcp:127.0.0.1:${port}-:80`;
    const machine = await ShellMachine.boot(
      kernel,
      [],
      ['-netdev', net, ...NETWORK.slice(2), '-append', 'ip=10.0.2.15/24,gw=10.0.2.2'],
    );
    assert.match(await machine.ask('ip'), /IP 10\.0\.2\.15/);
    assert.doesNotMatch(machine.text, /DHCP/);
    assert.match(
      await machine.ask('install the packages manual and httpd'),
      /^1\. Install manual\.\s+2\. Install web-style\.\s+3\. Install httpd\./m,
    );
    assert.match(await machine.ask('no'), /dropped/);
    assert.match(await machine.ask('please be a web server'), /Plan:/);
    for (const said of [/httpd is installed/, /service http runs/, /It works/])
      assert.match(await machine.ask('go'), said);
    const page = await fetch(`http://127.0.0.1:${port}/`);
    assert.equal(page.status, 200);
    assert.match(await page.text(), /AUTON/);
    assert.match(await machine.ask('show the log of http'), /listens on port 80/i);
    assert.match(await machine.ask('show the last lines of the log about httpd'), /Installed httpd/);
    assert.match(await machine.ask('which services are running'), /http: running/);
    assert.match(await machine.ask('install manual and web-style'), /^1\. Install manual\.\s+Say/m);
    assert.match(await machine.ask('go'), /manual is installed/);
    assert.match(await machine.ask('install manual and web-style'), /installed already/);
    await machine.kill();
  });
});
