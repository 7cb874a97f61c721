import { loadConfig, type LoadedConfig } from '../config/load.ts';
import { ConfigError, type ConfigReport } from '../config/problems.ts';
import { findPlaybook } from '../models/playbook/load.ts';
import { parseModelName } from '../models/providers.ts';
import { UserError } from '../protocol/errors.ts';

type Reported = ConfigReport['problems'][number];

export interface ConfigToCheck {
  folder: string;
  env: NodeJS.ProcessEnv;
  file?: string | undefined;
  /** In place of what is in the file. */
  text?: string | undefined;
  playbooksFolder: string;
}

/**
 * Everything that is wrong or doubtful in a configuration, with its place; `changed`: how many keys are not at their
 * default. Throws only what is no matter of the text: a file that cannot be read.
 */
export function checkConfig(options: ConfigToCheck): { report: ConfigReport; changed: number } {
  let loaded: LoadedConfig;
  try {
    loaded = loadConfig(options);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const problems = error.problems.map((problem) => ({ ...problem, severity: 'error' as const }));
    return { report: { source: error.file, problems }, changed: 0 };
  }
  const { origins, source = null } = loaded;
  const problems: Reported[] = [
    ...loaded.problems.map((problem) => ({ ...problem, severity: 'warning' as const })),
    ...modelProblems(loaded, options),
  ];
  return { report: { source, problems }, changed: origins.size };
}

/** Names of models that nothing is behind. */
function modelProblems({ config, places }: LoadedConfig, options: ConfigToCheck): Reported[] {
  const named = { 'llm.model': config.llm.model };
  for (const [role, model] of Object.entries(config.agents.models))
    Object.assign(named, { [`agents.models.${role}`]: model });
  return Object.entries(named).flatMap(([key, name]) => {
    if (name === undefined) return [];
    try {
      const { provider, model } = parseModelName(name);
      if (provider === 'playbook') findPlaybook(model, options);
      return [];
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      const { message, remedy } = error;
      return [{ severity: 'error' as const, message, remedy, key, ...places.get(key) }];
    }
  });
}
