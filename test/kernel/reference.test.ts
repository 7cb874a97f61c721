import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PROFILES } from '../../src/kernel/architectures.ts';
import { KernelChat } from '../../src/kernel/interactive.ts';
import { hasCode } from '../../src/protocol/errors.ts';
import { portSuite } from './port-suite.ts';

const profile = PROFILES.x86_64;

describe('the reference kernel on x86_64', () => {
  const port = portSuite('x86_64', [32, 9 * 1024]);

  it('remembers what it planned and says what it cannot do', async () => {
    const chat = await KernelChat.start({ profile, image: port.kernel(), boot: 'kernel', accel: 'tcg' });
    try {
      assert.match(await chat.ask('which driver does 8086:100e need?'), /e1000/);
      assert.match(await chat.ask('what is dead:beef?'), /not in my table/i);
      assert.match(await chat.ask('install nginx'), /cannot|no file system/i);
      assert.match(await chat.ask('switch this machine off'), /Plan:/);
      assert.match(await chat.ask('no'), /dropped/);
      assert.match(await chat.ask('ps'), /idle/);
    } finally {
      await chat.stop();
    }
  });

  it('loses nothing on a serial line that is read late', async () => {
    // The line is a full pipe: until it is emptied, not one byte of the kernel gets through.
    const line = join(port.folder(), 'line');
    execFileSync('mkfifo', [`${line}.in`, `${line}.out`]);
    const pipe = openSync(`${line}.out`, constants.O_RDWR | constants.O_NONBLOCK);
    const junk = fill(pipe);
    const args = ['-accel', 'tcg', '-m', '256', '-nodefaults', '-display', 'none', '-no-reboot'];
    const device = ['-device', 'isa-debug-exit,iobase=0xf4,iosize=0x04', '-append', 'test=boot exit'];
    const qemu = spawn(
      profile.qemu,
      [...args, ...device, '-serial', `pipe:${line}`, '-kernel', port.kernel()],
      {
        stdio: 'inherit',
        timeout: 250_000,
      },
    );
    const ended = once(qemu, 'exit');
    await sleep(1000);
    let text = '';
    let running = true;
    void ended.then(() => (running = false));
    while (running) {
      text += drain(pipe);
      await sleep(20);
    }
    text = (text + drain(pipe)).slice(junk);
    closeSync(pipe);
    assert.match(text, /^AUTON Kernel booting\r?\n/);
    assert.match(text, /VMM initialized: kernel text read-only, data no-execute\r?\n/);
    assert.match(text, /\[TEST\] \d+ run, 0 failed\r?\n/);
  });
});

/** Fills a pipe to the last byte; returns how many went in. */
function fill(pipe: number): number {
  let bytes = 0;
  for (const size of [4096, 1]) {
    try {
      for (;;) bytes += writeSync(pipe, Buffer.alloc(size, '.'));
    } catch (error) {
      if (!hasCode(error, 'EAGAIN')) throw error;
    }
  }
  return bytes;
}

/** What is in a pipe now. */
function drain(pipe: number): string {
  const buffer = Buffer.alloc(1 << 17);
  let text = '';
  try {
    for (;;) text += buffer.toString('latin1', 0, readSync(pipe, buffer));
  } catch (error) {
    if (!hasCode(error, 'EAGAIN')) throw error;
  }
  return text;
}
