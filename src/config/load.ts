import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { configSchema } from '../protocol/config.ts';
import type { Config } from '../protocol/config.ts';
import { EXIT, UserError, errorMessage, hasCode } from '../protocol/errors.ts';
import { KEY_NAMES } from '../protocol/keys.ts';
import { KEYS, findKey, valueOf } from './keys.ts';
import { parseConfig } from './problems.ts';
import type { Problem, ValuePlace } from './problems.ts';
import { collectSecrets, keyVariable, redactConfig } from './secrets.ts';
import type { Env } from './secrets.ts';

export const CONFIG_FILE = 'auton.toml';

export interface LoadedConfig {
  /** Defaults filled in, keys of the environment in place. */
  config: Config;
  /** The file it was read from; undefined when there is none. */
  source: string | undefined;
  /** What is allowed but doubtful; what is not allowed is thrown as a ConfigError. */
  problems: Problem[];
  /** Where each key that is not a default was set: "auton.toml:12", "ANTHROPIC_API_KEY". */
  origins: Map<string, string>;
  /** Where the file writes the values that it sets. */
  places: Map<string, ValuePlace>;
  /** Every key value that was seen, to be redacted. */
  secrets: string[];
}

/**
 * The configuration of a folder: `file` when given, else the folder's `auton.toml`, else the one of the user's
 * configuration folder, else the defaults. Keys of the environment win over those of the file.
 */
export function loadConfig(options: {
  folder: string;
  env: Env;
  file?: string | undefined;
  /** In place of what is in the file: an editor has it open and not saved. */
  text?: string | undefined;
}): LoadedConfig {
  const { folder, env } = options;
  const candidates = options.file
    ? [resolve(folder, options.file)]
    : [join(folder, CONFIG_FILE), join(userConfigFolder(env), CONFIG_FILE)];
  for (const source of candidates) {
    const text = options.text ?? readIfThere(source);
    if (text === undefined) continue;
    const { config, given } = parseConfig(text, source);
    return finish(config, source, given, env);
  }
  if (options.file) {
    throw new UserError(
      `The configuration file ${candidates[0] ?? options.file} does not exist.`,
      'Correct the path, or leave --config out to use auton.toml of this folder.',
      { exitCode: EXIT.usage },
    );
  }
  return finish(configSchema.parse({}), undefined, new Map(), env);
}

/** `$XDG_CONFIG_HOME/auton` or `~/.config/auton`; `%APPDATA%\auton` on Windows. */
export function userConfigFolder(env: Env, platform: NodeJS.Platform = process.platform): string {
  const home = env['HOME'] ?? env['USERPROFILE'] ?? homedir();
  if (platform === 'win32') return join(env['APPDATA'] ?? join(home, 'AppData', 'Roaming'), 'auton');
  return join(env['XDG_CONFIG_HOME'] || join(home, '.config'), 'auton');
}

/** Every key with its value and where that came from; key values are never shown. */
export function explain(loaded: LoadedConfig): { key: string; value: unknown; origin: string }[] {
  const shown = redactConfig(loaded.config);
  return KEYS.map(({ name }) => ({
    key: name,
    value: valueOf(shown, name),
    origin: loaded.origins.get(name) ?? 'default',
  }));
}

/** The value of one key, redacted; undefined when it is not set. An unknown key is a UserError. */
export function getKey(config: Config, key: string): unknown {
  return valueOf(redactConfig(config), findKey(key).name);
}

function finish(
  config: Config,
  source: string | undefined,
  places: Map<string, ValuePlace>,
  env: Env,
): LoadedConfig {
  const origins = new Map([...places].map(([key, { line }]) => [key, `${source ?? ''}:${line}`]));
  const secrets = collectSecrets(config, env);
  for (const name of KEY_NAMES) {
    const variable = keyVariable(name, env);
    if (variable === undefined) continue;
    config.llm.api_keys[name] = env[variable]?.trim();
    origins.set(`llm.api_keys.${name}`, variable);
  }
  return { config, source, problems: doubts(config, origins, places), origins, places, secrets };
}

function doubts(config: Config, origins: Map<string, string>, places: Map<string, ValuePlace>): Problem[] {
  const problems: Problem[] = [];
  const { max_cost_usd, warn_at_usd, per_task_usd, daily_budget_usd } = config.llm.cost;
  const above = (name: string, value: number | undefined, limitName: string, limit: number | undefined) => {
    if (value === undefined || limit === undefined || value <= limit) return;
    const [key, limitKey] = [`llm.cost.${name}`, `llm.cost.${limitName}`];
    if (!origins.has(key) && !origins.has(limitKey)) return;
    problems.push({
      key,
      message: `${key} (${value}) is above ${limitName} (${limit}) and never takes effect.`,
      remedy: `Lower ${name} or raise ${limitName}.`,
      ...(places.get(key) ?? places.get(limitKey)),
    });
  };
  above('warn_at_usd', warn_at_usd, 'max_cost_usd', max_cost_usd);
  above('per_task_usd', per_task_usd, 'max_cost_usd', max_cost_usd);
  above('max_cost_usd', max_cost_usd, 'daily_budget_usd', daily_budget_usd);
  if (config.sandbox.mode === 'off') {
    problems.push({
      key: 'sandbox.mode',
      message: 'The sandbox is off: commands that agents run can read and change everything you can.',
      remedy: 'Remove sandbox.mode to require the sandbox.',
      ...places.get('sandbox.mode'),
    });
  }
  return problems;
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').replace(/^\uFEFF/, '');
  } catch (error) {
    if (hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR')) return undefined;
    throw new UserError(
      `The configuration file ${file} cannot be read: ${errorMessage(error)}.`,
      'Make it readable, or choose another one by --config.',
      { cause: error, exitCode: EXIT.usage },
    );
  }
}
