import type { ModelDelta, ModelRequest } from '../../../src/models/client.ts';
import { createModels } from '../../../src/models/models.ts';
import type { Models, RoleModel } from '../../../src/models/models.ts';
import type { Resilience } from '../../../src/models/resilient.ts';
import { configSchema } from '../../../src/protocol/config.ts';
import { ModelServer } from '../../fixtures/model-server.ts';
import type { Protocol } from '../../fixtures/model-server.ts';

export const KEY = 'sk-test-0123456789abcdef';

/** Little patience, so that tests of failures take little time. */
const QUICK: Partial<Resilience> = { firstDelayMs: 5, maxDelayMs: 20, breakAfter: 100, breakForMs: 50 };

export interface HarnessOptions {
  model?: string;
  endpoint?: string;
  retries?: number;
  timeouts?: { connect_seconds?: number; first_token_seconds?: number; idle_seconds?: number };
  resilience?: Partial<Resilience>;
}

/** A server on loopback and the clients that are configured to use it. */
export class Harness {
  readonly server: ModelServer;
  readonly protocol: Protocol;
  readonly #models: Models[] = [];

  private constructor(server: ModelServer, protocol: Protocol) {
    this.server = server;
    this.protocol = protocol;
  }

  static async start(protocol: Protocol): Promise<Harness> {
    return new Harness(await ModelServer.start(), protocol);
  }

  models(options: HarnessOptions = {}): Models {
    const { name } = this.protocol;
    const base = options.endpoint ?? this.server.url;
    const config = configSchema.parse({
      llm: {
        model: options.model ?? `${name}/test-model`,
        retries: options.retries ?? 3,
        api_keys: { [name]: KEY },
        endpoints: { [name]: name === 'openai' ? `${base}/v1` : base },
        timeouts: options.timeouts ?? {},
      },
    });
    const resilience = { ...QUICK, ...options.resilience };
    const models = createModels(config, { env: {}, playbooksFolder: 'playbooks', folder: '.', resilience });
    this.#models.push(models);
    return models;
  }

  role(options: HarnessOptions = {}): RoleModel {
    return this.models(options).clientFor('developer');
  }

  async close(): Promise<void> {
    for (const models of this.#models) models.close();
    await this.server.close();
  }
}

export function request(change: Partial<ModelRequest> = {}): ModelRequest {
  return {
    model: 'test-model',
    system: 'You build kernels.',
    messages: [{ role: 'user', content: [{ type: 'text', text: 'Begin.' }] }],
    tools: [
      {
        name: 'write_file',
        description: 'Writes a file.',
        inputSchema: { type: 'object', properties: { path: { type: 'string' } }, required: ['path'] },
      },
    ],
    maxTokens: 1000,
    temperature: 0,
    session: { run: 'r1', task: 'pmm', role: 'developer', attempt: 1, turn: 0 },
    ...change,
  };
}

/** A signal that never fires, of a new controller. */
export function calm(): AbortSignal {
  return new AbortController().signal;
}

/** Collects deltas; `text` is what a person would have seen after the last restart. */
export class Deltas {
  readonly all: ModelDelta[] = [];
  readonly push = (delta: ModelDelta): void => void this.all.push(delta);

  get text(): string {
    const start = this.all.findLastIndex((delta) => delta.type === 'restart') + 1;
    return this.all
      .slice(start)
      .map((delta) => (delta.type === 'text' ? delta.text : ''))
      .join('');
  }

  get restarts(): number {
    return this.all.filter((delta) => delta.type === 'restart').length;
  }
}
