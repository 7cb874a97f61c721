import * as http from 'node:http';
import * as https from 'node:https';
import type { TLSSocket } from 'node:tls';
import type { Env } from '../config/secrets.ts';

export interface TransportHooks {
  /** The connection stands, encryption included. */
  connected(): void;
  /** Some bytes of the answer have arrived. */
  received(): void;
}

/**
 * A `fetch` over node:http for the provider SDKs. Node's own one has fixed limits for headers and bodies that cut off
 * slow local models, and cannot tell a connection that does not stand from a model that has not answered yet.
 * Aborting closes the socket. Redirects are not followed: a key must not travel to another host.
 */
export class Transport {
  readonly #http: http.Agent;
  readonly #https: https.Agent;

  /** `env`: HTTP_PROXY, HTTPS_PROXY and NO_PROXY are honoured. */
  constructor(env: Env) {
    const options = { keepAlive: true, proxyEnv: env };
    this.#http = new http.Agent(options);
    this.#https = new https.Agent(options);
  }

  fetch(hooks: TransportHooks): typeof fetch {
    return (input, init = {}) =>
      new Promise((resolve, reject) => {
        const url = new URL(input instanceof Request ? input.url : input);
        const secure = url.protocol === 'https:';
        const request = (secure ? https : http).request(url, {
          method: init.method ?? 'GET',
          headers: { ...Object.fromEntries(new Headers(init.headers)), 'accept-encoding': 'identity' },
          agent: secure ? this.#https : this.#http,
          ...(init.signal && { signal: init.signal }),
        });
        request.once('socket', (socket) => {
          if (isReady(socket as TLSSocket, secure)) hooks.connected();
          else socket.once(secure ? 'secureConnect' : 'connect', () => hooks.connected());
        });
        request.once('response', (response) => resolve(toResponse(response, hooks)));
        request.on('error', reject);
        request.end(init.body as string | undefined);
      });
  }

  /** Closes the connections that are kept open for reuse. */
  close(): void {
    this.#http.destroy();
    this.#https.destroy();
  }
}

/** A socket from the pool stands already; one that tunnels through a proxy is handed over when it is encrypted. */
function isReady(socket: TLSSocket, secure: boolean): boolean {
  return !socket.connecting && (!secure || socket.getProtocol?.() != null);
}

function toResponse(message: http.IncomingMessage, hooks: TransportHooks): Response {
  const headers = new Headers();
  for (const [name, value] of Object.entries(message.headers)) {
    for (const one of [value ?? []].flat()) headers.append(name, one);
  }
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      message.on('data', (chunk: Buffer) => {
        hooks.received();
        controller.enqueue(chunk);
        if ((controller.desiredSize ?? 1) <= 0) message.pause();
      });
      message.once('end', () => controller.close());
      // Also when the connection is cut in the middle.
      message.on('error', (error) => controller.error(error));
    },
    pull() {
      message.resume();
    },
    cancel() {
      message.destroy();
    },
  });
  return new Response(body, { status: message.statusCode ?? 502, headers });
}
