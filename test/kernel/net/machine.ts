import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { PROFILES } from '../../../src/kernel/architectures.ts';
import { bootImage } from '../../../src/kernel/boot-image.ts';
import { ANSWERED, LOG_ABOVE_PROMPT, PROMPT_AT_END } from '../../../src/kernel/prompt.ts';
import type { Architecture } from '../../../src/protocol/roles.ts';

/** A port of the loopback interface that is free now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/**
 * A machine at its prompt, on a network of QEMU's own that reaches this machine's loopback interface as 10.0.2.2. Its
 * port 80 is `port` here.
 */
export class NetMachine {
  readonly port: number;
  #child: ChildProcessByStdio<Writable, Readable, Readable>;
  #text = '';
  #running = true;
  readonly #ended: Promise<unknown>;

  private constructor(architecture: Architecture, kernel: string, card: string, port: number) {
    const profile = PROFILES[architecture];
    const netdev = `user,id=net0,hostfwd=tcp:127.0.0.1:${port}-:80`;
    const args = [
      ...profile.machine,
      ...['-accel', 'tcg', '-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot', '-m', '256'],
      ...['-netdev', netdev, '-device', `${card},netdev=net0,romfile=`],
      ...['-serial', 'stdio', '-kernel', bootImage(kernel, profile)],
    ];
    this.port = port;
    this.#child = spawn(profile.qemu, args, { stdio: ['pipe', 'pipe', 'pipe'], timeout: 250_000 });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream.on('data', (bytes: Buffer) => (this.#text += bytes.toString('latin1')));
    this.#ended = once(this.#child, 'close').then(() => (this.#running = false));
  }

  static async boot(architecture: Architecture, kernel: string, card: string): Promise<NetMachine> {
    const machine = new NetMachine(architecture, kernel, card, await freePort());
    await machine.printed(PROMPT_AT_END);
    return machine;
  }

  /** Everything printed so far. */
  get text(): string {
    return this.#text;
  }

  /** Resolves with what was printed from a place on, once it has the pattern. */
  async printed(pattern: RegExp, from = 0): Promise<string> {
    while (!pattern.test(this.#text.slice(from))) {
      if (!this.#running) throw new Error(`never printed ${String(pattern)}:\n${this.#text}`);
      await Promise.race([once(this.#child.stdout, 'data'), this.#ended]);
    }
    return this.#text.slice(from);
  }

  type(keys: string): void {
    this.#child.stdin.write(keys);
  }

  async ask(line: string): Promise<string> {
    const from = this.#text.length;
    this.type(`${line}\n`);
    const answer = await this.printed(ANSWERED, from);
    return answer.replace(LOG_ABOVE_PROMPT, '').replaceAll('\r', '');
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }
}
