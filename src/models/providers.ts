import { nearest } from '../config/nearest.ts';
import type { Config } from '../protocol/config.ts';
import { EXIT, UserError } from '../protocol/errors.ts';
import { KEY_NAMES, type KeyName } from '../protocol/keys.ts';
import type { Role } from '../protocol/roles.ts';

export interface ProviderInfo {
  /** As people call it. */
  title: string;
  protocol: 'anthropic' | 'openai' | 'editor' | 'playbook';
  /** The provider's own address; null where every user has another one. */
  baseUrl: string | null;
  /**
   * Its name in the price data; null where the model runs on the user's own machine and nobody sends a bill,
   * "unknown" where nobody can tell.
   */
  prices: string | null;
  /** A current model for long-running coding work; chosen when only this provider's key is present. */
  defaultModel?: string;
  /** More current models that are good at such work, to choose from; any other can be named, too. */
  otherModels?: readonly string[];
  /** What its keys begin with; the longest that fits tells whose key one is. */
  keyPrefix?: string;
  /** Where a user gets a key. */
  keyPage?: string;
}

export const PROVIDERS = {
  anthropic: {
    title: 'Anthropic',
    protocol: 'anthropic',
    baseUrl: 'https://api.anthropic.com',
    prices: 'anthropic',
    defaultModel: 'claude-opus-5-5',
    otherModels: ['claude-fable-5-1', 'claude-sonnet-5', 'claude-haiku-4-5'],
    keyPrefix: 'sk-ant-',
    keyPage: 'https://platform.claude.com/settings/keys',
  },
  openai: {
    title: 'OpenAI',
    protocol: 'openai',
    baseUrl: 'https://api.openai.com/v1',
    prices: 'openai',
    defaultModel: 'gpt-6-sol',
    otherModels: ['gpt-6-astra', 'gpt-6-luna', 'gpt-5.5'],
    keyPrefix: 'sk-',
    keyPage: 'https://platform.openai.com/api-keys',
  },
  gemini: {
    title: 'Gemini',
    protocol: 'openai',
    baseUrl: 'https://generativelanguage.googleapis.com/v1beta/openai',
    prices: 'google',
    defaultModel: 'gemini-3.8-flash',
    otherModels: ['gemini-3.1-pro-preview', 'gemini-3.5-flash-lite'],
    keyPage: 'https://aistudio.google.com/apikey',
  },
  openrouter: {
    title: 'OpenRouter',
    protocol: 'openai',
    baseUrl: 'https://openrouter.ai/api/v1',
    prices: 'openrouter',
    defaultModel: 'anthropic/claude-opus-5.5',
    otherModels: ['anthropic/claude-sonnet-5', 'openai/gpt-6-sol', 'z-ai/glm-5.3'],
    keyPrefix: 'sk-or-',
    keyPage: 'https://openrouter.ai/settings/keys',
  },
  // A deployment's name is the user's own, so there is no default model.
  azure: { title: 'Azure OpenAI', protocol: 'openai', baseUrl: null, prices: 'azure' },
  ollama: { title: 'Ollama', protocol: 'openai', baseUrl: null, prices: null },
  vllm: { title: 'vLLM', protocol: 'openai', baseUrl: null, prices: null },
  vscode: { title: "the editor's language models", protocol: 'editor', baseUrl: null, prices: 'unknown' },
  playbook: { title: 'Playbook', protocol: 'playbook', baseUrl: null, prices: null },
} as const satisfies Record<string, ProviderInfo>;

export type Provider = keyof typeof PROVIDERS;

export function providerInfo(provider: Provider): ProviderInfo {
  return PROVIDERS[provider];
}

/** Splits `provider/model` at the first slash; a model's own name may contain more of them. */
export function parseModelName(name: string): { provider: Provider; model: string } {
  const slash = name.indexOf('/');
  const provider = name.slice(0, Math.max(slash, 0));
  const model = name.slice(slash + 1).trim();
  if (Object.hasOwn(PROVIDERS, provider) && model !== '') return { provider: provider as Provider, model };
  const names = Object.keys(PROVIDERS);
  const guess = nearest(provider || name, names);
  throw new UserError(
    `"${name}" is not a model's name: it is provider/model, with a provider of ${names.join(', ')}.`,
    guess && model !== '' && slash > 0
      ? `Did you mean "${guess}/${model}"?`
      : 'For example "anthropic/claude-opus-5-5".',
    { exitCode: EXIT.usage },
  );
}

/** The model of a role, or of all roles without an override of their own. */
export function modelNameFor(config: Config, role?: Role): string {
  return (role && config.agents.models[role]) ?? config.llm.model ?? defaultModelName(config);
}

/** The default model of the first provider whose key is present; the shipped playbook without any. */
export function defaultModelName(config: Config): string {
  const provider = KEY_NAMES.find(
    (name) => config.llm.api_keys[name] && providerInfo(name).defaultModel !== undefined,
  );
  return provider ? `${provider}/${providerInfo(provider).defaultModel ?? ''}` : 'playbook/reference';
}

/** The address that is configured for a provider. */
export function endpointOf(config: Config, provider: Provider): string | undefined {
  return provider === 'playbook' || provider === 'vscode' ? undefined : config.llm.endpoints[provider];
}

/** The key that a provider takes; playbooks, Ollama and an editor take none. */
export function keyName(provider: Provider): KeyName | undefined {
  return KEY_NAMES.find((name) => name === provider);
}

/** The key that a provider needs and does not have; a server of the user's own may need none. */
export function missingKey(config: Config, provider: Provider): KeyName | undefined {
  const name = keyName(provider);
  if (!name || config.llm.api_keys[name]) return undefined;
  return name !== 'azure' && config.llm.endpoints[name] ? undefined : name;
}
