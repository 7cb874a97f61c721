import { join } from 'node:path';
import { Command } from 'commander';
import { setKey } from '../../config/edit.ts';
import { CONFIG_FILE, explain, getKey, loadConfig } from '../../config/load.ts';
import { parseModelName } from '../../models/providers.ts';
import { printJson, type Cli } from '../cli.ts';
import { configOption, jsonOption, workspaceOf } from '../options.ts';
import { table } from '../terminal/text.ts';

export function configCommand(cli: Cli): Command {
  const config = new Command('config').description('read, change and check the configuration');
  config
    .command('get')
    .description('the value of a key; every key with its value and where that comes from without one')
    .argument('[key]', 'such as llm.cost.max_cost_usd')
    .addOption(configOption())
    .addOption(jsonOption('print JSON'))
    .action((key: string | undefined, options: { config?: string; json?: boolean }, command: Command) => {
      const loaded = loadConfig({ folder: workspaceOf(cli, command), env: cli.env, file: options.config });
      if (key !== undefined) {
        const value = getKey(loaded.config, key);
        return options.json ? printJson(cli, value ?? null) : cli.print(shown(value));
      }
      const keys = explain(loaded);
      if (options.json) return printJson(cli, keys);
      cli.print(
        ...table(
          keys.map(({ key: name, value, origin }) => [
            cli.style.bold(name),
            shown(value),
            cli.style.dim(origin),
          ]),
        ),
      );
    });
  config
    .command('set')
    .description(`change a key in ${CONFIG_FILE}; the rest of the file stays as it is`)
    .argument('<key>')
    .argument('<value>')
    .addOption(configOption())
    .action((key: string, value: string, options: { config?: string }, command: Command) => {
      const file = join(workspaceOf(cli, command), options.config ?? CONFIG_FILE);
      setKey(file, key, value);
      cli.print(`${key} is set in ${file}.`);
    });
  config
    .command('check')
    .description('say what is wrong or doubtful in the configuration')
    .addOption(configOption())
    .action((options: { config?: string }, command: Command) => {
      const {
        config: checked,
        source,
        problems,
        origins,
      } = loadConfig({
        folder: workspaceOf(cli, command),
        env: cli.env,
        file: options.config,
      });
      for (const model of [checked.llm.model, ...Object.values(checked.agents.models)])
        if (model !== undefined) parseModelName(model);
      for (const { message, remedy } of problems) cli.print(`${cli.style.yellow('!')} ${message} ${remedy}`);
      const from = source ?? `no ${CONFIG_FILE}, defaults only`;
      const own = [...origins.values()].length;
      cli.print(`${cli.style.green(cli.symbols.done)} ${from}: valid, ${own} keys are not at their default.`);
    });
  return config;
}

function shown(value: unknown): string {
  if (value === undefined) return '(not set)';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
