import assert from 'node:assert/strict';
import {
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { assets } from '../../src/config/assets.ts';
import { PROFILES } from '../../src/kernel/architectures.ts';
import type { Architecture } from '../../src/protocol/roles.ts';
import { buildKernel, EchoPeer, Machine, monitor, readPicture, selfTests } from './drivers/machine.ts';

const { referenceKernel } = assets();
const SECTOR = 512;
const MB = 1 << 20;

/** A way to attach a disk, by the name of its drive, and the names that the first two get in the kernel. */
interface Controller {
  attach: (drive: string) => string[];
  names: [string, string];
  driver: string;
}
const virtioPci: Controller = {
  attach: (drive) => ['-device', `virtio-blk-pci,drive=${drive}`],
  names: ['vda', 'vdb'],
  driver: 'virtio_blk',
};
const virtioMmio: Controller = {
  attach: (drive) => ['-device', `virtio-blk-device,drive=${drive}`],
  names: ['vda', 'vdb'],
  driver: 'virtio_blk',
};
const nvme: Controller = {
  attach: (drive) => ['-device', `nvme,drive=${drive},serial=${drive}`],
  names: ['nvme0n1', 'nvme1n1'],
  driver: 'nvme',
};
const ahci: Controller = {
  attach: (drive) => [
    '-device',
    `ich9-ahci,id=${drive}-hba`,
    '-device',
    `ide-hd,drive=${drive},bus=${drive}-hba.0`,
  ],
  names: ['sda', 'sdb'],
  driver: 'ahci',
};

const MACHINES: { architecture: Architecture; disks: Record<string, Controller>; cards: string[] }[] = [
  {
    architecture: 'x86_64',
    disks: { 'virtio on PCI': virtioPci, NVMe: nvme, AHCI: ahci },
    cards: ['virtio-net-pci', 'e1000', 'e1000e'],
  },
  ...(['aarch64', 'riscv64'] as const).map((architecture) => ({
    architecture,
    disks: { 'virtio on PCI': virtioPci, 'virtio, memory mapped': virtioMmio, NVMe: nvme, AHCI: ahci },
    cards: ['virtio-net-pci', 'virtio-net-device', 'e1000e'],
  })),
];

for (const { architecture, disks, cards } of MACHINES) {
  describe(`drivers of the reference kernel on ${architecture}`, () => {
    let folder: string;
    let kernel: string;

    before(async () => {
      folder = mkdtempSync(join(tmpdir(), 'auton-drivers-'));
      kernel = await buildKernel(architecture, folder);
    });
    after(() => rmSync(folder, { recursive: true }));

    const image = (name: string, bytes: number) => {
      const file = join(folder, name);
      writeFileSync(file, '');
      truncateSync(file, bytes);
      return file;
    };
    const drive = (id: string, file: string, more = '') => [
      '-drive',
      `if=none,id=${id},file=${file},format=raw${more}`,
    ];
    const test = (cmdline: string, args: string[]) => selfTests({ architecture, kernel, cmdline, args });

    for (const [name, { attach, names, driver }] of Object.entries(disks)) {
      describe(`a disk by ${name}`, () => {
        it('keeps what is written, on two disks of different size, over a restart', async () => {
          const files = [image('small.img', 5 * MB + SECTOR), image('large.img', 3 * 1024 * MB)];
          const args = files.flatMap((file, i) => [...drive(`d${i}`, file), ...attach(`d${i}`)]);
          for (const generation of [1, 2]) {
            passed(await test(`test=drivers scratch=${names.join(',')}`, args));
            for (const file of files) {
              const { size } = statSync(file);
              const half = Math.floor(size / SECTOR / 2);
              assert.equal(text(sector(file, half)), `AUTON scratch disk, generation ${generation}`);
              // What the round trip leaves at the beginning, in the middle of a longer write, and at the very end.
              assert.deepEqual(sector(file, 0), pattern(0, 0, 0xa5));
              assert.deepEqual(sector(file, 18), pattern(18, 0, 0x5a));
              assert.deepEqual(sector(file, 19), pattern(17, 2, 0xa5));
              const last = size / SECTOR - 1;
              assert.deepEqual(sector(file, last), pattern(last - 599, 599, 0xa5));
            }
          }
        });

        it('is as it was after its driver has stopped, gone and come back', async () => {
          const file = image('rebound.img', MB);
          const words = `test=drivers scratch=${names[0]} rebind=${driver}`;
          passed(await test(words, [...drive('d', file), ...attach('d')]));
          assert.deepEqual(sector(file, 18), pattern(18, 0, 0x5a));
        });

        it('works down to the smallest', async () => {
          const file = image('tiny.img', 8 * SECTOR);
          passed(await test(`test=drivers scratch=${names[0]}`, [...drive('d', file), ...attach('d')]));
          assert.deepEqual(sector(file, 0), pattern(0, 0, 0xa5));
          assert.deepEqual(sector(file, 7), pattern(0, 7, 0xa5));
        });

        it('is not written to unless it is given up', async () => {
          const file = image('untouched.img', MB);
          passed(await test('test=all', [...drive('d', file), ...attach('d')]));
          assert.ok(readFileSync(file).every((byte) => byte === 0));
        });

        it('reports what it cannot read, and goes on', async () => {
          const file = image('bad.img', MB);
          const fault = join(folder, 'fault.conf');
          writeFileSync(
            fault,
            '[inject-error]\nevent = "read_aio"\nerrno = "5"\nonce = "on"\nsector = "2047"\n',
          );
          const broken = ['-drive', `if=none,id=d,file=blkdebug:${fault}:${file},format=raw,rerror=report`];
          const printed = await test('test=drivers', [...broken, ...attach('d')]);
          assert.match(printed, /disk_limits: FAIL/);
          assert.match(printed, /\d+ run, 1 failed/);
        });
      });
    }

    it('says no to writing on a disk that is read-only', async () => {
      const file = image('read-only.img', MB);
      const printed = await test('test=drivers', [
        ...drive('d', file, ',readonly=on'),
        ...virtioPci.attach('d'),
      ]);
      passed(printed);
      assert.match(printed, /Disk vda: .*read-only/);
    });

    it('tells when a disk that shall be written to is not there', async () => {
      assert.match(
        await test('test=drivers scratch=vdz', []),
        /disk_round_trip: FAIL - the machine has no disk/,
      );
    });

    for (const card of cards) {
      describe(`a card by ${card}`, () => {
        let peer: EchoPeer;
        beforeEach(() => (peer = new EchoPeer()));
        afterEach(() => peer.unplug());

        it('sends and receives frames whole, of every size, also in bursts', async () => {
          const netdev = await peer.plug('n');
          const mac = '52:54:00:aa:bb:cc';
          const printed = await test('test=drivers echo=eth0', [
            ...netdev,
            '-device',
            `${card},netdev=n,mac=${mac}`,
          ]);
          passed(printed);
          assert.match(printed, new RegExp(`Ethernet eth0: .*address ${mac}, link up`));
          const sent = peer.frames.filter((frame) => frame.readUInt16BE(12) === 0x88b5);
          const sizes = new Set(sent.map(({ length }) => length));
          assert.deepEqual(
            [...sizes].sort((a, b) => a - b),
            [60, 61, 200, 500, 1500, 1514],
          );
          for (const frame of sent) {
            assert.equal(frame.subarray(0, 12).toString('hex'), `ffffffffffff${mac.replaceAll(':', '')}`);
            const first = frame[14]!;
            // A frame shorter than Ethernet's least is filled up with zeros.
            const end = frame.length === 60 && frame[15] === 0 && frame[16] === 0 ? 15 : frame.length;
            for (let i = 14; i < frame.length; i++)
              assert.equal(frame[i], i < end ? (first + (i - 14) * 31) & 0xff : 0);
          }
        });

        it('sends and receives again after its driver has stopped, gone and come back', async () => {
          const netdev = await peer.plug('n');
          const driver = card.startsWith('virtio') ? 'virtio_net' : card;
          const words = `test=drivers echo=eth0 rebind=${driver}`;
          passed(await test(words, [...netdev, '-device', `${card},netdev=n`]));
          assert.ok(peer.frames.length >= 100);
        });

        it('notices when its link goes and comes', async () => {
          const control = join(folder, 'monitor');
          const machine = new Machine({
            ...{ architecture, kernel, cmdline: '' },
            args: [
              ...['-monitor', `unix:${control},server=on,wait=off`, '-netdev', 'user,id=n,restrict=on'],
              ...['-device', `${card},netdev=n,id=card`],
            ],
          });
          try {
            await machine.printed(/\[BOOT\] OK/);
            await monitor(control, 'set_link card off');
            await machine.printed(/eth0: link down/);
            await monitor(control, 'set_link card on');
            await machine.printed(/eth0: link up/);
          } finally {
            await machine.stop();
          }
        });
      });
    }

    it('has several cards on shared interrupt lines', async () => {
      const peers = cards.concat(cards).map(() => new EchoPeer());
      try {
        const args: string[] = [];
        for (const [i, peer] of peers.entries()) {
          const card = cards[i % cards.length]!;
          args.push(
            ...(await peer.plug(`n${i}`)),
            '-device',
            `${card},netdev=n${i},mac=52:54:00:00:00:0${i}`,
          );
        }
        passed(await test(`test=drivers echo=${peers.map((_, i) => `eth${i}`).join(',')}`, args));
        for (const peer of peers) assert.ok(peer.frames.length >= 100);
      } finally {
        for (const peer of peers) peer.unplug();
      }
    });

    it('shows the console on a framebuffer, also what was printed before and what has scrolled', async () => {
      const control = join(folder, 'monitor');
      const picture = join(folder, 'picture.ppm');
      const machine = new Machine({
        ...{ architecture, kernel, cmdline: '', machine: withoutVga(architecture) },
        args: ['-monitor', `unix:${control},server=on,wait=off`, '-device', 'bochs-display'],
      });
      const font = readFileSync(join(referenceKernel, 'drivers/pci/font.c'), 'latin1');
      const shown = async () => {
        await monitor(control, `screendump ${picture}`);
        return readPicture(readFileSync(picture), font);
      };
      try {
        await machine.printed(/auton> $/);
        const rows = await shown();
        assert.ok(rows.some((row) => row === '[BOOT] Interrupts initialized'));
        const prompt = rows.indexOf('auton>');
        assert.equal(rows[prompt - 1], '[BOOT] OK');
        for (let i = 0; i < 40; i++) machine.type('help\r');
        machine.type('date\r');
        await machine.printed(/auton> date\s+[^\n]+\n(.*\n)?auton> $/);
        const last = (await shown()).filter((row) => row !== '').slice(-3);
        assert.equal(last[0], 'auton> date');
        assert.equal(last.at(-1), 'auton>');
      } finally {
        await machine.stop();
      }
    });

    it('is a terminal on a virtio console', async () => {
      const line = join(folder, 'console');
      const machine = new Machine({
        ...{ architecture, kernel, cmdline: '' },
        args: [
          ...['-chardev', `socket,id=c,path=${line},server=on,wait=on`, '-device', 'virtio-serial-pci'],
          ...['-device', 'virtconsole,chardev=c'],
        ],
      });
      try {
        const socket = await eventually(() => connectTo(line));
        let printed = '';
        socket.on('data', (bytes: Buffer) => (printed += bytes.toString('latin1')));
        await machine.printed(/auton> $/);
        socket.write('devices\r');
        await machine.printed(/devices on PCI|of them on PCI/);
        await eventually(() => assert.match(printed, /virtio_console .*\r\n[^]*of them on PCI[^]*auton> $/));
        socket.destroy();
      } finally {
        await machine.stop();
      }
    });

    it('mixes the random source of the machine into its own', async () => {
      const printed = await test('test=drivers', ['-device', 'virtio-rng-pci']);
      passed(printed);
      assert.match(printed, /Random source: virtio/);
    });
  });
}

/** A card that shows VGA text keeps the picture off the screen. */
function withoutVga(architecture: Architecture): string[] {
  const { machine } = PROFILES[architecture];
  return machine.filter((word, i) => word !== 'VGA' && machine[i + 1] !== 'VGA');
}

async function connectTo(path: string): Promise<Socket> {
  const socket = connect(path);
  await once(socket, 'connect');
  return socket;
}

/** Repeats what fails until it does not, for at most ten seconds. */
async function eventually<T>(attempt: () => T | Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      if (tries === 100) throw error;
      await sleep(100);
    }
  }
}

function passed(printed: string): void {
  assert.match(printed, /\[TEST\] \d+ run, 0 failed/, printed);
}

function sector(file: string, number: number): Buffer {
  const buffer = Buffer.alloc(SECTOR);
  const handle = openSync(file, 'r');
  readSync(handle, buffer, 0, SECTOR, number * SECTOR);
  closeSync(handle);
  return buffer;
}

function text(bytes: Buffer): string {
  return bytes.toString('latin1').replace(/\0+$/, '');
}

/** What the kernel's test writes into sector `index` of a transfer that begins at `first`. */
function pattern(first: number, index: number, salt: number): Buffer {
  const buffer = Buffer.alloc(SECTOR);
  for (let i = 0; i < SECTOR / 8; i++) {
    const word = index * (SECTOR / 8) + i;
    buffer.writeBigUInt64LE((BigInt(first + index) << 32n) ^ BigInt(word) ^ BigInt(salt), i * 8);
  }
  return buffer;
}
