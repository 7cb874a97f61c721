import type { CircuitBreakerPolicy } from 'cockatiel';
import { KEY_VARIABLES, collectSecrets, createRedactor } from '../config/secrets.ts';
import type { Env } from '../config/secrets.ts';
import type { Config, ModelSize } from '../protocol/config.ts';
import { EXIT, UserError } from '../protocol/errors.ts';
import type { Architecture, Role, WorkflowMode } from '../protocol/roles.ts';
import { KERNEL_ROLES, ROLES } from '../protocol/roles.ts';
import { AnthropicBackend } from './anthropic.ts';
import type { Backend } from './backend.ts';
import type { ModelClient } from './client.ts';
import { EditorBackend, type EditorModels } from './editor.ts';
import { OpenAIBackend } from './openai.ts';
import { PlaybookClient } from './playbook/client.ts';
import { assertCovers } from './playbook/goal.ts';
import { findPlaybook } from './playbook/load.ts';
import type { Playbook } from './playbook/load.ts';
import { keyName, missingKey, modelNameFor, parseModelName, providerInfo, endpointOf } from './providers.ts';
import type { Provider } from './providers.ts';
import { RESILIENCE, ResilientClient, createBreaker } from './resilient.ts';
import type { Resilience } from './resilient.ts';
import { Transport } from './transport.ts';

/** What a role is played by. */
export interface RoleModel {
  client: ModelClient;
  provider: Provider;
  /** Without the provider. */
  model: string;
  /** For people: "anthropic/claude-x", "playbook reference (no model)". */
  label: string;
}

export interface Models {
  /** A UserError says what is missing when the role's model cannot be used: a key, an address, a playbook. */
  clientFor(role: Role): RoleModel;
  /** Throws a UserError when a role is played by a playbook that does not cover what is asked. */
  assertCovers(wanted: { goal: string; arch: Architecture; mode: WorkflowMode }): void;
  /** True when a role is played by a playbook that begins in an empty workspace. */
  startsEmpty(): boolean;
  /** How many trainings a playbook has recorded; undefined: as many as are configured. */
  trainings(): number | undefined;
  /** The model that a playbook has recorded the making of; undefined: the one that is configured. */
  modelSize(): ModelSize | undefined;
  /** The specification that a playbook brings with it; undefined: the one that is configured. */
  specFolder(): string | undefined;
  /** Closes idle connections. */
  close(): void;
}

export interface ModelsOptions {
  env: Env;
  /** Where the shipped playbooks lie. */
  playbooksFolder: string;
  /** What a playbook's path is relative to. */
  folder: string;
  /** The models of a connected editor; none without. */
  editorModels?: EditorModels;
  /** Other patience than the usual one. */
  resilience?: Partial<Resilience>;
}

/** The models of a configuration. Clients are shared by all agents, and with them breakers and connections. */
export function createModels(config: Config, options: ModelsOptions): Models {
  const factory = new ModelFactory(config, options);
  const playbooks = (roles: readonly Role[]): Playbook[] =>
    [...new Set(roles.map((role) => modelNameFor(config, role)))]
      .map(parseModelName)
      .flatMap(({ provider, model }) => (provider === 'playbook' ? [factory.playbook(model)] : []));
  return {
    clientFor: (role) => factory.get(modelNameFor(config, role)),
    assertCovers: (wanted) => {
      const roles = wanted.mode === 'kernel_build' ? KERNEL_ROLES : ROLES;
      for (const playbook of playbooks(roles)) assertCovers(playbook, wanted);
    },
    startsEmpty: () => playbooks(KERNEL_ROLES).some((playbook) => playbook.start === 'empty'),
    trainings: () => playbooks(['training'])[0]?.trainings,
    modelSize: () => playbooks(['model_architect'])[0]?.model_size,
    specFolder: () =>
      playbooks(KERNEL_ROLES)
        .map(({ spec }) => spec)
        .find((spec) => spec !== undefined),
    close: () => factory.close(),
  };
}

class ModelFactory {
  readonly #config: Config;
  readonly #options: ModelsOptions;
  readonly #resilience: Resilience;
  readonly #transport: Transport;
  readonly #redact: (text: string) => string;
  readonly #byName = new Map<string, RoleModel>();
  readonly #breakers = new Map<string, CircuitBreakerPolicy>();
  readonly #playbooks = new Map<string, Playbook>();

  constructor(config: Config, options: ModelsOptions) {
    this.#config = config;
    this.#options = options;
    this.#resilience = { ...RESILIENCE, retries: config.llm.retries, ...options.resilience };
    this.#transport = new Transport(options.env);
    this.#redact = createRedactor(collectSecrets(config, options.env));
  }

  get(name: string): RoleModel {
    const known = this.#byName.get(name);
    if (known) return known;
    const { provider, model } = parseModelName(name);
    const created = provider === 'playbook' ? this.#playbookModel(model) : this.#remoteModel(provider, model);
    this.#byName.set(name, created);
    return created;
  }

  playbook(name: string): Playbook {
    const known = this.#playbooks.get(name);
    if (known) return known;
    const found = findPlaybook(name, this.#options);
    this.#playbooks.set(name, found);
    return found;
  }

  close(): void {
    this.#transport.close();
  }

  #playbookModel(model: string): RoleModel {
    const playbook = this.playbook(model);
    return {
      client: new PlaybookClient(playbook, this.#config.kernel.arch),
      provider: 'playbook',
      model,
      label: `playbook ${playbook.name} (no model)`,
    };
  }

  #remoteModel(provider: Provider, model: string): RoleModel {
    const name = `${provider}/${model}`;
    const { connect_seconds, first_token_seconds, idle_seconds } = this.#config.llm.timeouts;
    const key = keyName(provider);
    const { title, protocol } = providerInfo(provider);
    const baseURL = protocol === 'editor' ? '' : this.#baseUrl(provider);
    const breaker = this.#breakers.get(name) ?? createBreaker(this.#resilience);
    this.#breakers.set(name, breaker);
    const client = new ResilientClient({
      backend: this.#backend(provider, model, baseURL),
      transport: this.#transport,
      breaker,
      resilience: this.#resilience,
      limits: {
        connectMs: connect_seconds * 1000,
        firstTokenMs: first_token_seconds * 1000,
        idleMs: idle_seconds * 1000,
      },
      context: {
        name,
        title,
        keyName: key,
        keyVariable: key && KEY_VARIABLES[key][0],
        baseUrl: baseURL,
        local: provider === 'ollama' || provider === 'vllm',
      },
      redact: this.#redact,
    });
    return { client, provider, model, label: name };
  }

  #backend(provider: Provider, model: string, baseURL: string): Backend {
    const { protocol } = providerInfo(provider);
    if (protocol === 'editor') return new EditorBackend(model, this.#options.editorModels);
    const apiKey = this.#apiKey(provider, model);
    if (protocol === 'anthropic') return new AnthropicBackend({ baseURL, apiKey });
    const { api_version } = this.#config.llm.azure;
    return new OpenAIBackend({ provider, model, baseURL, apiKey, apiVersion: api_version });
  }

  #baseUrl(provider: Provider): string {
    const configured = endpointOf(this.#config, provider)?.replace(/\/+$/, '');
    const { baseUrl, title } = providerInfo(provider);
    if ((provider === 'ollama' || provider === 'vllm') && configured) {
      return /\/v1$/.test(configured) ? configured : `${configured}/v1`;
    }
    const url = configured ?? baseUrl;
    if (url) return url;
    throw new UserError(
      `${title} has no address of its own, and llm.endpoints.${provider} is not set.`,
      `Set it: auton config set llm.endpoints.${provider} <URL of your server>.`,
      { exitCode: EXIT.usage },
    );
  }

  #apiKey(provider: Provider, model: string): string {
    const name = missingKey(this.#config, provider);
    const key = keyName(provider);
    if (!name) return (key && this.#config.llm.api_keys[key]) || 'none';
    throw new UserError(
      `${provider}/${model} needs a key for ${providerInfo(provider).title}, and there is none.`,
      `Set ${KEY_VARIABLES[name][0] ?? ''} in the environment (or llm.api_keys.${name} in auton.toml), ` +
        'or choose a model that needs no key: ollama/<model>, or playbook/reference.',
      { exitCode: EXIT.usage },
    );
  }
}
