import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const HERE = resolve(import.meta.dirname, 'net');
const KERNEL = resolve(import.meta.dirname, '../../kernels/reference');

/** What needs threads, the console or cards of the kernel; all the rest of net/ is built for the host, too. */
const KERNEL_ONLY = /^(network|socket|query|.*commands|tests_.*)\.c$/;

function buildSimulation(folder: string): string {
  const program = join(folder, 'simulate');
  const sources = readdirSync(join(KERNEL, 'net')).filter(
    (name) => name.endsWith('.c') && !KERNEL_ONLY.test(name),
  );
  execFileSync(
    'gcc',
    [
      ...['-std=gnu11', '-O1', '-g', '-Wall', '-Wextra', '-Werror', '-fno-builtin'],
      ...['-fsanitize=address,undefined', '-fno-sanitize-recover=all', '-o', program],
      ...['-Iinclude', '-Iarch/x86_64/include', '-Inet', `-I${HERE}`],
      ...['host.c', 'link.c', 'simulate.c'].map((name) => join(HERE, name)),
      ...sources.map((name) => `net/${name}`),
    ],
    { cwd: KERNEL },
  );
  return program;
}

describe('two network stacks of the reference kernel and a link between them', function () {
  this.timeout(120_000);
  let folder: string;
  let program: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'auton-net-'));
    program = buildSimulation(folder);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const simulate = (test: string, seed = 1) => {
    const run = spawnSync(program, [test, `${seed}`], { timeout: 100_000, encoding: 'utf8' });
    assert.equal(run.status, 0, `seed ${seed}: ${run.stdout}${run.stderr}`);
  };

  it('carry a stream both ways without a loss', () => simulate('tcp_clean'));
  it('deliver every byte in order while 5 % of frames are lost, reordered, doubled and delayed', () => {
    for (const seed of [1, 2, 3, 4, 5]) simulate('tcp_bad', seed);
  });
  it('deliver every byte in order while it is 20 %', () => {
    for (const seed of [1, 2, 3]) simulate('tcp_worse', seed);
  });
  it('serve 200 connections at once on a bad link', () => {
    for (const seed of [1, 9, 10]) simulate('tcp_many', seed);
  });
  it('keep a connection whose reader rests, also when the word that it reads again is lost', () =>
    simulate('tcp_zero_window'));
  it('find out by keep-alive that the other side is gone', () => simulate('tcp_keepalive'));
  it('ask again for a connection after 1, 2, 4 ... seconds', () => simulate('tcp_syn_retries'));
  it('say why a connection does not come about', () => simulate('tcp_refused'));
  it('keep a connection that forged resets, SYNs, acknowledgements and ICMP want to end', () =>
    simulate('tcp_forged'));
  it('let a client in after a flood of forged SYNs', () => simulate('tcp_syn_flood'));
  it('take large datagrams apart and put them together', () => simulate('udp_large'));
  it('reassemble fragments in any order and give up those that overlap or lie', () => simulate('fragments'));
  it('answer an echo and say who does not', () => simulate('ping'));
  it('resolve names, remember them as long as they hold, and distrust forged answers', () => simulate('dns'));
  it('get an address, renew it, ask others for it, and lose it', () => simulate('dhcp'));
});
