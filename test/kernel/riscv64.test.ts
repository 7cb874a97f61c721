import assert from 'node:assert/strict';
import { join } from 'node:path';
import { PROFILES } from '../../src/kernel/architectures.ts';
import { buildReference } from './build.ts';
import { deathSuite, portSuite } from './port-suite.ts';
import { assertSelfTestsPassed, debug, halted, machine, serialOf } from './port.ts';
import { installForUBoot } from './setup/u-boot.ts';

const profile = PROFILES.riscv64;

/** Address in QEMU's boot ROM of the number of the hart that the firmware shall start on. */
const BOOT_HART = 0x1050;
const FIRMWARE_INFO_MAGIC = '4f534249';

describe('the reference kernel on RISC-V 64', () => {
  const port = portSuite('riscv64', [64, 4096]);

  it('installs itself on a disk that U-Boot starts', async function () {
    await installForUBoot(this, profile, port.kernel(), port.folder());
  });

  it('runs on one of two harts, whichever the firmware starts it on', async () => {
    const socket = join(port.folder(), 'gdb');
    const more = ['-smp', '2', ...halted(socket)];
    const args = machine(profile, port.kernel(), { cmdline: 'test=all exit', more });
    const started = new Set<string>();
    // The harts race in the firmware for who goes on; on a busy machine the one that it prefers may lose.
    for (let tries = 0; !started.has('1') && tries < 8; tries++) {
      const serial = await serialOf(profile, args, { meanwhile: () => startOnHart(socket, 1) });
      started.add(/\[BOOT\] Running in S-mode on hart (\d+)/.exec(serial)?.[1] ?? 'none');
      assert.match(serial, /\[BOOT\] Hardware summary: 128 MB RAM, 2 CPU/);
      assertSelfTestsPassed(serial);
    }
    assert.ok(started.has('1'), `started on hart ${[...started].join(' and ')} alone`);
  });

  it('builds and boots with nothing but what every kernel has', async () => {
    const bare = await buildReference('riscv64', join(port.folder(), 'bare'), { subsystems: ['boot'] });
    const serial = await serialOf(profile, machine(profile, bare, { cmdline: 'test=boot exit' }));
    assertSelfTestsPassed(serial);
  });

  deathSuite('riscv64', port, [
    ['panic', /KERNEL PANIC: asked to, 1 times/, 'by_panic'],
    [
      'null',
      /EXCEPTION 13: Load page fault[^]*unmapped memory at 0x0+8 \(kernel\): null pointer/,
      'by_null_pointer',
    ],
    ['text', /EXCEPTION 15: Store page fault[^]*Write of protected memory/, 'by_writing_text'],
    ['jump', /EXCEPTION 12: Instruction page fault/, 'by_jump_to_null'],
    ['data', /EXCEPTION 12: Instruction page fault[^]*Execution of protected memory/, 'by_executing_data'],
    ['overflow', /EXCEPTION 15[^]*guard page[^]*recurse\+0x[^]*and \d+ times more/, 'by_overflow'],
  ]);
});

/** Changes the hart that the firmware of a halted machine will start on, and lets it run. */
async function startOnHart(socket: string, hart: number): Promise<void> {
  const number = Buffer.alloc(8);
  number.writeBigUInt64LE(BigInt(hart));
  await debug(socket, async (gdb) => {
    // The magic number of OpenSBI's start information stands five words of 64 bits before the hart's number.
    assert.equal(
      await gdb.read(BOOT_HART - 40, 4),
      FIRMWARE_INFO_MAGIC,
      'QEMU keeps its start information elsewhere',
    );
    await gdb.write(BOOT_HART, number);
  });
}
