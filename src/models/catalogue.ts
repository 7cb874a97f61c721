import type { LoadedConfig } from '../config/load.ts';
import { KEY_VARIABLES } from '../config/secrets.ts';
import type { Config } from '../protocol/config.ts';
import { KEY_NAMES, type KeyName } from '../protocol/keys.ts';
import { KERNEL_ROLES, ROLES, type Role } from '../protocol/roles.ts';
import { NO_USAGE } from '../protocol/usage.ts';
import { listPlaybooks } from './playbook/load.ts';
import { priceOf } from './prices.ts';
import {
  PROVIDERS,
  endpointOf,
  keyName,
  missingKey,
  modelNameFor,
  providerInfo,
  type Provider,
} from './providers.ts';

/** What a configuration can choose from, and what it has chosen. */
export interface ModelCatalogue {
  /** Of every role without a model of its own; `origin` says where it is set: null when AUTON chose it. */
  model: ChosenModel;
  /** Roles in the order of their work. */
  roles: { role: Role; model: ChosenModel | null }[];
  providers: OfferedProvider[];
  playbooks: { name: string; title: string; goals: string[] }[];
}

export interface ChosenModel {
  name: string;
  origin: string | null;
  /** The key that it needs and that is nowhere. */
  missingKey: KeyName | null;
}

export interface OfferedProvider {
  name: Provider;
  title: string;
  /** Null for providers that take none. */
  key: OfferedKey | null;
  /** The server's address where it is the user's own. */
  endpoint: string | null;
  /** The best known first; what a local server has. Others can be named, too. */
  models: { name: string; usdPerMillion: { input: number; output: number } | null }[];
  /** A local server did not answer. */
  unreachable: boolean;
}

export interface OfferedKey {
  /** The first of them is the usual one. */
  variables: readonly string[];
  /** "ANTHROPIC_API_KEY", "auton.toml:12", or "kept" for one that the caller keeps; null when there is none. */
  origin: string | null;
  prefix: string | null;
  /** Where a user gets one. */
  page: string | null;
}

export interface CatalogueOptions {
  playbooksFolder: string;
  /** Keys that the caller has in a place of its own, such as an editor's secrets. */
  kept?: readonly KeyName[];
}

/** How long a local server may take to say what it has. */
const LOCAL_TIMEOUT_MS = 1500;

export async function modelCatalogue(
  { config, origins }: Pick<LoadedConfig, 'config' | 'origins'>,
  { playbooksFolder, kept = [] }: CatalogueOptions,
): Promise<ModelCatalogue> {
  const withKept = structuredClone(config);
  for (const name of kept) withKept.llm.api_keys[name] ??= 'kept';
  const chosen = (name: string, key: string): ChosenModel => {
    const provider = KEY_NAMES.find((known) => name.startsWith(`${known}/`));
    const missing = provider && missingKey(withKept, provider);
    return { name, origin: origins.get(key) ?? null, missingKey: missing ?? null };
  };
  const roles = config.workflow.mode === 'kernel_build' ? KERNEL_ROLES : ROLES;
  return {
    model: chosen(modelNameFor(withKept), 'llm.model'),
    roles: roles.map((role) => {
      const own = config.agents.models[role];
      return { role, model: own === undefined ? null : chosen(own, `agents.models.${role}`) };
    }),
    providers: await Promise.all(
      (Object.keys(PROVIDERS) as Provider[])
        // The editor knows its own models best.
        .filter((name) => !['playbook', 'editor'].includes(providerInfo(name).protocol))
        .map((name) => offered(name, withKept, originOfKey(name, config, origins, kept))),
    ),
    playbooks: listPlaybooks(playbooksFolder).map(({ name, title, goals }) => ({ name, title, goals })),
  };
}

function originOfKey(
  provider: Provider,
  config: Config,
  origins: Map<string, string>,
  kept: readonly KeyName[],
): string | null {
  const name = keyName(provider);
  if (!name) return null;
  if (config.llm.api_keys[name]) return origins.get(`llm.api_keys.${name}`) ?? null;
  return kept.includes(name) ? 'kept' : null;
}

async function offered(name: Provider, config: Config, origin: string | null): Promise<OfferedProvider> {
  const { title, defaultModel, otherModels = [], keyPrefix, keyPage } = providerInfo(name);
  const key = keyName(name);
  const endpoint = endpointOf(config, name);
  const local = providerInfo(name).prices === null && endpoint ? await localModels(endpoint) : null;
  const models = local ?? [...(defaultModel === undefined ? [] : [defaultModel]), ...otherModels];
  return {
    name,
    title,
    key: key
      ? { variables: KEY_VARIABLES[key], origin, prefix: keyPrefix ?? null, page: keyPage ?? null }
      : null,
    endpoint: endpoint ?? null,
    models: models.map((model) => ({ name: `${name}/${model}`, usdPerMillion: usdPerMillion(name, model) })),
    unreachable: providerInfo(name).prices === null && endpoint !== undefined && local === null,
  };
}

function usdPerMillion(provider: Provider, model: string): { input: number; output: number } | null {
  const input = priceOf(provider, model, { ...NO_USAGE, inputTokens: 1e6 });
  const output = priceOf(provider, model, { ...NO_USAGE, outputTokens: 1e6 });
  return input === null || output === null ? null : { input, output };
}

/** What a server that speaks the OpenAI protocol has; null when it does not answer. */
async function localModels(endpoint: string): Promise<string[] | null> {
  try {
    const url = `${endpoint.replace(/\/+$/, '').replace(/\/v1$/, '')}/v1/models`;
    const response = await fetch(url, { signal: AbortSignal.timeout(LOCAL_TIMEOUT_MS), redirect: 'error' });
    const body = (await response.json()) as { data?: { id?: unknown }[] | null };
    if (!response.ok || (body.data !== null && !Array.isArray(body.data))) return null;
    return (body.data ?? []).map(({ id }) => id).filter((id) => typeof id === 'string');
  } catch {
    return null; // it does not run, or something else is there
  }
}
