import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Skipped } from '../figures.ts';

const run = promisify(execFile);
const CHUNK = Buffer.alloc(64 << 10);
const CONCURRENT = 8;

/** Megabytes a second that a guest's sink takes; an Error when it did not get all of them. */
export async function sendRate(port: number, megabytes: number): Promise<number> {
  const bytes = megabytes << 20;
  const socket = await dial(port);
  const startedAt = performance.now();
  let told = '';
  socket.on('data', (data: Buffer) => (told += data.toString()));
  const closed = once(socket, 'close');
  for (let sent = 0; sent < bytes; sent += CHUNK.length)
    if (!socket.write(CHUNK)) await Promise.race([once(socket, 'drain'), closed]);
  socket.end();
  await closed;
  const seconds = (performance.now() - startedAt) / 1000;
  if (told.trim() !== String(bytes)) throw new Error(`${bytes} bytes were sent, "${told.trim()}" arrived`);
  return megabytes / seconds;
}

/** Megabytes a second that come from a guest's source. */
export async function receiveRate(port: number, megabytes: number): Promise<number> {
  const socket = await dial(port);
  const startedAt = performance.now();
  let got = 0;
  for await (const data of socket) if ((got += (data as Buffer).length) >= megabytes << 20) break;
  if (got < megabytes << 20) throw new Error(`the source ended after ${got} bytes`);
  return got / 2 ** 20 / ((performance.now() - startedAt) / 1000);
}

/** Requests a second by ab, none of which may fail; each on a connection of its own, or on eight that stay. */
export async function requestRate(port: number, requests: number, kept: boolean): Promise<number> {
  (await dial(port)).destroy(); // The server is there.
  const args = ['-q', '-n', String(requests), '-c', String(CONCURRENT), '-s', '60', ...(kept ? ['-k'] : [])];
  const { stdout } = await run('ab', [...args, `http://127.0.0.1:${port}/`]).catch(
    (error: Error & { code?: string }) => {
      if (error.code === 'ENOENT') throw new Skipped('ab (apache2-utils) is missing');
      throw error;
    },
  );
  const rate = Number(/Requests per second: +([\d.]+)/.exec(stdout)?.[1]);
  if (!stdout.match(/Failed requests: +0\n/) || stdout.includes('Non-2xx') || !Number.isFinite(rate))
    throw new Error(`ab lost requests:\n${stdout}`);
  return rate;
}

/**
 * A connection to a guest's port. QEMU accepts it before the guest does and ends it when the guest refuses, as long as
 * its network is not up: so a new one counts only once it has lived a moment.
 */
async function dial(port: number): Promise<Socket> {
  for (let tries = 0; tries < 100; tries++) {
    const socket = connect(port, '127.0.0.1');
    let alive = true;
    socket.on('error', () => (alive = false));
    socket.on('close', () => (alive = false));
    await sleep(100);
    if (alive) return socket;
  }
  throw new Error(`nothing listens behind port ${port}`);
}
