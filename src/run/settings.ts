import { configSchema, type Config } from '../protocol/config.ts';
import type { RunState } from '../protocol/run-state.ts';
import type { StartOptions } from './start.ts';

/** The configuration with what the command line says instead. */
export function withOverrides(
  config: Config,
  { arch, mode, model, playbook, maxCostUsd }: StartOptions,
): Config {
  const chosen = playbook ? `playbook/${playbook}` : model;
  return {
    ...config,
    // A model that is named for the run is meant for every role.
    llm: {
      ...config.llm,
      ...(chosen ? { model: chosen } : {}),
      ...(maxCostUsd === undefined ? {} : { cost: { ...config.llm.cost, max_cost_usd: maxCostUsd } }),
    },
    agents: chosen ? { ...config.agents, models: {} } : config.agents,
    workflow: { ...config.workflow, ...(mode ? { mode } : {}) },
    kernel: { ...config.kernel, ...(arch ? { arch } : {}) },
  };
}

/**
 * The configuration of a run that is resumed: what it was started with decides how it goes on, so that a changed file
 * does not change a run in the middle; keys, limits of money and the sandbox are taken as they are now. So are the
 * models of a run that is paused because of them, if the file was changed since: then `corrected` is true.
 */
export function resumedConfig(state: RunState, now: Config): { config: Config; corrected: boolean } {
  const then = configSchema.parse(state.settings);
  const configured = state.configuredModels ?? modelSettings(then);
  const corrected =
    state.pauseReason === 'model' && JSON.stringify(configured) !== JSON.stringify(modelSettings(now));
  const { llm, agents } = corrected ? now : then;
  const { api_keys, endpoints, cost } = now.llm;
  const config = {
    ...then,
    llm: { ...llm, api_keys, endpoints, cost },
    agents: { ...then.agents, models: agents.models },
    sandbox: now.sandbox,
  };
  return { config, corrected };
}

/** What of the configuration says which models answer, and how they are asked. */
export function modelSettings({ llm, agents }: Config): Record<string, unknown> {
  const { api_keys: _keys, endpoints: _endpoints, cost: _cost, ...asked } = llm;
  return { ...asked, roles: agents.models };
}
