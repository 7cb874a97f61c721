import assert from 'node:assert/strict';
import { join } from 'node:path';
import { PROFILES } from '../../src/kernel/architectures.ts';
import { deathSuite, portSuite } from './port-suite.ts';
import { assertSelfTestsPassed, debug, halted, machine, serialOf } from './port.ts';
import { installForUBoot } from './setup/u-boot.ts';

const profile = PROFILES.aarch64;
const NETWORK = ['-netdev', 'user,id=net0,restrict=on', '-device', 'virtio-net-pci,netdev=net0,romfile='];

/** Where QEMU puts the device tree into 256 MB of memory, and where its parts are in the header. */
const TREE = 0x4800_0000;
const HEADER = { magic: 0, size: 4, structure: 8, strings: 12, version: 20 };

describe('the reference kernel on AArch64', () => {
  const port = portSuite('aarch64', [64, 4096]);

  it('installs itself on a disk that U-Boot starts', async function () {
    await installForUBoot(this, profile, port.kernel(), port.folder());
  });

  const machines: [what: string, own: string, lines: RegExp[]][] = [
    ['a GICv3', '-machine virt,gic-version=3 -cpu cortex-a72', [/\[BOOT\] GICv3 at/, /ARM Cortex-A72/]],
    [
      'an entry at EL2 and four processors',
      '-machine virt,gic-version=3,virtualization=on -cpu cortex-a53 -smp 4',
      [/\[BOOT\] Running at EL1/, /256 MB RAM, 4 CPU \(ARM Cortex-A53\)/],
    ],
    ['a newer processor', '-machine virt,gic-version=2 -cpu max', [/\[BOOT\] GICv2 at/]],
  ];
  for (const [what, own, lines] of machines) {
    it(`passes its self-tests on a machine with ${what}`, async () => {
      const options = { cmdline: 'test=all exit', own: own.split(' '), more: NETWORK };
      const serial = await serialOf(profile, machine(profile, port.kernel(), options));
      assertSelfTestsPassed(serial);
      for (const line of lines) assert.match(serial, line);
    });
  }

  it('gives every device its addresses, also behind bridges, and its interrupt', async () => {
    const more = [
      ...['-device', 'e1000', '-device', 'nvme,serial=1', '-device', 'ahci'],
      ...['-device', 'pcie-root-port,id=rp0,chassis=1', '-device', 'e1000e,bus=rp0'],
      ...['-device', 'pci-bridge,id=bridge,chassis_nr=2', '-device', 'e1000,bus=bridge,addr=5'],
      ...NETWORK,
    ];
    const serial = await serialOf(
      profile,
      machine(profile, port.kernel(), { cmdline: 'test=dev exit', more }),
    );
    const devices = [...serial.matchAll(/^\[DEV\] (\S+) PCI (\S+) class=(\S+)(?: \[(.*)\])?/gm)];
    assert.equal(devices.length, 9, serial);
    for (const [line, , , kind, resources = ''] of devices.filter(([, , , kind]) => kind !== '06:00')) {
      assert.match(resources, /MMIO=0x[1-9A-F]/, line);
      assert.match(resources, /IRQ=[3-6]$/, `${line} (${kind})`);
    }
    const bases = devices.flatMap(([, , , , resources = '']) =>
      [...resources.matchAll(/MMIO=(0x[0-9A-F]+)\/(\d+)(K?B|MB)/g)].map(([, base, size, unit]) => {
        const bytes = Number(size) * { B: 1, KB: 1024, MB: 1 << 20 }[unit as 'B' | 'KB' | 'MB'];
        return { from: Number(base), to: Number(base) + bytes };
      }),
    );
    bases.sort((a, b) => a.from - b.from);
    for (const [index, { from }] of bases.entries())
      assert.ok(
        index === 0 || from >= bases[index - 1]!.to,
        `two devices at 0x${from.toString(16)}:\n${serial}`,
      );
    assert.equal(serial.match(/Ethernet \S+:|Ethernet eth\d+:/g)?.length, 4, serial);
    assertSelfTestsPassed(serial);
  });

  const malformed: [what: string, at: number, value: number, reason: RegExp][] = [
    ['that is none', HEADER.magic, 0, /there is none/],
    ['with a lying size', HEADER.size, 0x7fff_ffff, /its size makes no sense/],
    ['whose structure lies outside', HEADER.structure, 0x0fff_fff0, /the structure block lies outside/],
    ['whose names lie outside', HEADER.strings, 0x0fff_fff0, /the strings block lies outside/],
    ['of another version', HEADER.version, 3, /its version is not supported/],
  ];
  for (const [index, [what, at, value, reason]] of malformed.entries()) {
    it(`refuses a device tree ${what}, and says why`, async () => {
      const socket = join(port.folder(), `gdb-${index}`);
      const word = Buffer.alloc(4);
      word.writeUInt32BE(value);
      const args = machine(profile, port.kernel(), { cmdline: 'test=all exit', more: halted(socket) });
      // Without a tree the kernel does not know how to leave the machine.
      const until = /FATAL: Invalid device tree: [^\n]+\n/;
      const serial = await serialOf(profile, args, {
        until,
        meanwhile: () => debug(socket, (gdb) => gdb.write(TREE + at, word)),
      });
      assert.match(until.exec(serial)?.[0] ?? '', reason);
    });
  }

  deathSuite('aarch64', port, [
    ['panic', /KERNEL PANIC: asked to, 1 times/, 'by_panic'],
    [
      'null',
      /EXCEPTION 37: Data abort[^]*Read of unmapped memory at 0x0+8 \(kernel\): null/,
      'by_null_pointer',
    ],
    ['text', /EXCEPTION 37: Data abort[^]*Write of protected memory/, 'by_writing_text'],
    ['jump', /EXCEPTION 33: Instruction abort[^]*at 0x0+ \(kernel\): null pointer/, 'by_jump_to_null'],
    ['data', /EXCEPTION 33: Instruction abort[^]*Execution of protected memory/, 'by_executing_data'],
    ['overflow', /EXCEPTION 37[^]*guard page[^]*recurse\+0x[^]*and \d+ times more/, 'by_overflow'],
  ]);
});
