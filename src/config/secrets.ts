import type { Config } from '../protocol/config.ts';
import { KEY_NAMES, type KeyName } from '../protocol/keys.ts';

export type Env = Readonly<Record<string, string | undefined>>;

/** The environment variables that hold a provider's key, the first that is set wins. */
export const KEY_VARIABLES: Readonly<Record<KeyName, readonly string[]>> = {
  anthropic: ['ANTHROPIC_API_KEY'],
  openai: ['OPENAI_API_KEY'],
  gemini: ['GEMINI_API_KEY', 'GOOGLE_API_KEY'],
  openrouter: ['OPENROUTER_API_KEY'],
  azure: ['AZURE_OPENAI_API_KEY'],
  vllm: ['VLLM_API_KEY'],
};

/** The variable that provides this key in the environment, if one does. */
export function keyVariable(name: KeyName, env: Env): string | undefined {
  return KEY_VARIABLES[name].find((variable) => env[variable]?.trim());
}

/** The keys that an environment holds. */
export function keysOf(env: Env): Partial<Record<KeyName, string>> {
  const found = KEY_NAMES.flatMap((name) => {
    const key = env[keyVariable(name, env) ?? '']?.trim();
    return key ? [[name, key] as const] : [];
  });
  return Object.fromEntries(found);
}

/** An environment with keys that came another way; one that it has itself stays. */
export function withKeys(env: Env, keys: ReadonlyMap<KeyName, string>): Record<string, string | undefined> {
  const result: Record<string, string | undefined> = { ...env };
  for (const [name, key] of keys) {
    const [variable] = KEY_VARIABLES[name];
    if (variable !== undefined && keyVariable(name, env) === undefined) result[variable] = key;
  }
  return result;
}

/** All key values of a configuration and an environment, also those that another one overrides. */
export function collectSecrets(config: Config, env: Env): string[] {
  const fromEnv = Object.values(KEY_VARIABLES).flatMap((variables) => variables.map((name) => env[name]));
  const all = [...Object.values(config.llm.api_keys), ...fromEnv, ...endpointPasswords(config)];
  return [...new Set(all.map((value) => value?.trim() ?? ''))].filter((value) => value !== '');
}

/** A copy without key values, for people, logs and events. */
export function redactConfig(config: Config): Config {
  const copy = structuredClone(config);
  for (const name of KEY_NAMES) if (copy.llm.api_keys[name] !== undefined) copy.llm.api_keys[name] = REDACTED;
  const redact = createRedactor(endpointPasswords(config));
  for (const [name, url] of Object.entries(copy.llm.endpoints)) {
    if (url !== undefined) copy.llm.endpoints[name as keyof Config['llm']['endpoints']] = redact(url);
  }
  return copy;
}

export const REDACTED = '[redacted]';

/** Shorter values would also match ordinary words. */
const SHORTEST_SECRET = 6;

/** A function that replaces the secrets in any text, also where they stand JSON-escaped, URL-encoded or in base64. */
export function createRedactor(secrets: readonly string[]): (text: string) => string {
  const forms = new Set(secrets.filter((secret) => secret.length >= SHORTEST_SECRET).flatMap(spellings));
  if (forms.size === 0) return (text) => text;
  // The longest first, so that a key that begins with another one is replaced as a whole.
  const alternatives = [...forms].sort((a, b) => b.length - a.length).map(escapePattern);
  const pattern = new RegExp(alternatives.join('|'), 'g');
  return (text) => text.replace(pattern, REDACTED);
}

function spellings(secret: string): string[] {
  const json = JSON.stringify(secret).slice(1, -1);
  return [secret, json, JSON.stringify(json).slice(1, -1), encodeURIComponent(secret), base64(secret)];
}

function base64(secret: string): string {
  return Buffer.from(secret, 'utf8').toString('base64');
}

function escapePattern(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

function endpointPasswords(config: Config): string[] {
  return Object.values(config.llm.endpoints).flatMap((url) => {
    const password = url && URL.canParse(url) ? new URL(url).password : '';
    return password === '' ? [] : [password];
  });
}
