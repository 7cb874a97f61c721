import { connect, type Socket } from 'node:net';
import { UserError } from '../protocol/errors.ts';

type Reply = { return: unknown } | { error: { class: string; desc: string } };

const TIMEOUT_MS = 10_000;

/** Saves what the machine's screen shows as a PNG file, by the control socket that its QEMU was started with. */
export async function saveScreen(controlSocket: string, file: string): Promise<void> {
  const reply = await command(controlSocket, 'screendump', { filename: file, format: 'png' });
  if (!('error' in reply)) return;
  const { desc } = reply.error;
  if (/no (?:graphical )?console|no (?:vga|display)/i.test(desc)) {
    throw new UserError('This machine has no screen.', 'Its serial port is what it has: see the terminal.');
  }
  if (/'format'|png support/i.test(desc)) {
    throw new UserError(
      `This QEMU cannot save a picture: ${desc}`,
      'Install QEMU 7.1 or newer, built with PNG.',
    );
  }
  throw new UserError(`QEMU could not save the screen: ${desc}`, 'Boot the kernel again and repeat it.');
}

/** One command of the QEMU Machine Protocol, on a connection of its own. */
function command(controlSocket: string, execute: string, args: Record<string, unknown>): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const socket = connect(controlSocket);
    const fail = (cause?: Error) => {
      socket.destroy();
      reject(
        new UserError('QEMU does not answer on its control socket.', 'Boot the kernel again.', { cause }),
      );
    };
    socket.setTimeout(TIMEOUT_MS, () => fail());
    socket.on('error', fail);
    socket.on('close', () => fail());
    let replies = 0;
    onLine(socket, (line) => {
      const message = JSON.parse(line) as Record<string, unknown>;
      if ('QMP' in message) return void socket.write(`${JSON.stringify({ execute: 'qmp_capabilities' })}\n`);
      if ('event' in message) return;
      replies++;
      if (replies === 1) return void socket.write(`${JSON.stringify({ execute, arguments: args })}\n`);
      resolve(message as Reply);
      socket.destroy();
    });
  });
}

function onLine(socket: Socket, listener: (line: string) => void): void {
  let rest = '';
  socket.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') listener(line);
  });
}
