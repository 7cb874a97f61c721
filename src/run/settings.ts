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
 * does not change a run in the middle; keys, limits of money and the sandbox are taken as they are now.
 */
export function resumedConfig(state: RunState, now: Config): Config {
  const then = configSchema.parse(state.settings);
  return {
    ...then,
    llm: { ...then.llm, api_keys: now.llm.api_keys, endpoints: now.llm.endpoints, cost: now.llm.cost },
    sandbox: now.sandbox,
  };
}
