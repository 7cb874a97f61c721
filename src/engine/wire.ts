import type { Socket } from 'node:net';
import {
  createMessageConnection,
  SocketMessageReader,
  SocketMessageWriter,
  type DataCallback,
  type Disposable,
  type MessageConnection,
} from 'vscode-jsonrpc/node';

/** A client's end of the connection. */
export interface Wire {
  connection: MessageConnection;
  /**
   * Resolves when the other side is gone and everything it said before is handled: a socket closes as soon as its last
   * bytes are read, and the messages in them still wait for their turn.
   */
  closed: Promise<void>;
}

export function wireOf(socket: Socket): Wire {
  const reader = new CountingReader(socket);
  let handled = 0;
  const connection = createMessageConnection(reader, new SocketMessageWriter(socket), undefined, {
    messageStrategy: {
      handleMessage: (message, next) => {
        handled += 1;
        return next(message);
      },
    },
  });
  let disposed = false;
  connection.onDispose(() => (disposed = true));
  const closed = new Promise<void>((resolve) => {
    const drain = () => {
      if (disposed || handled >= reader.received) setImmediate(resolve);
      else setImmediate(drain);
    };
    socket.once('close', drain);
  });
  return { connection, closed };
}

class CountingReader extends SocketMessageReader {
  received = 0;

  override listen(callback: DataCallback): Disposable {
    return super.listen((message) => {
      this.received += 1;
      callback(message);
    });
  }
}
