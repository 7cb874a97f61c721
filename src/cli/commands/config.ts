import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text as readAll } from 'node:stream/consumers';
import { Command, Option } from 'commander';
import { assets } from '../../config/assets.ts';
import { setKey, unsetKey } from '../../config/edit.ts';
import { configHelp, starterConfig } from '../../config/help.ts';
import { CONFIG_FILE, explain, getKey, loadConfig } from '../../config/load.ts';
import { ConfigError } from '../../config/problems.ts';
import { KEY_NAMES, type KeyName } from '../../protocol/keys.ts';
import { modelCatalogue } from '../../models/catalogue.ts';
import { EXIT, UserError } from '../../protocol/errors.ts';
import { printJson, type Cli } from '../cli.ts';
import { checkConfig } from '../config-check.ts';
import { renderCatalogue, renderHelp } from '../live/config-view.ts';
import { configOption, jsonOption, workspaceOf } from '../options.ts';
import { table } from '../terminal/text.ts';

interface Options {
  config?: string;
  json?: boolean;
}

export function configCommand(cli: Cli): Command {
  const config = new Command('config').description('read, change and check the configuration');
  config
    .command('get')
    .description('the value of a key; every key with its value and where that comes from without one')
    .argument('[key]', 'such as llm.cost.max_cost_usd')
    .addOption(configOption())
    .addOption(jsonOption('print JSON'))
    .action((key: string | undefined, options: Options, command: Command) => {
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
    .action((key: string, value: string, options: Options, command: Command) => {
      const file = fileOf(cli, options, command);
      setKey(file, key, value);
      cli.print(`${key} is set in ${file}.`);
    });
  config
    .command('unset')
    .description(`take a key out of ${CONFIG_FILE}, so that its default holds`)
    .argument('<key>')
    .addOption(configOption())
    .action((key: string, options: Options, command: Command) => {
      const file = fileOf(cli, options, command);
      cli.print(
        unsetKey(file, key) ? `${key} is no longer set in ${file}.` : `${key} is not set in ${file}.`,
      );
    });
  config
    .command('check')
    .description('say what is wrong or doubtful in the configuration')
    .addOption(configOption())
    .option('--stdin', 'check the text on the standard input in place of what is in the file')
    .addOption(jsonOption('print the problems with their lines and columns as JSON'))
    .action(async (options: Options & { stdin?: boolean }, command: Command) => {
      const { report, changed } = checkConfig({
        folder: workspaceOf(cli, command),
        env: cli.env,
        file: options.config,
        text: options.stdin ? await readAll(cli.stdin) : undefined,
        playbooksFolder: assets().playbooksFolder,
      });
      const errors = report.problems.filter(({ severity }) => severity === 'error');
      if (options.json) {
        printJson(cli, report);
        cli.exitCode = errors.length > 0 ? EXIT.usage : EXIT.done;
        return;
      }
      if (errors.length > 0) throw new ConfigError(report.source ?? CONFIG_FILE, errors);
      for (const { message, remedy } of report.problems)
        cli.print(`${cli.style.yellow('!')} ${message} ${remedy}`);
      const from = report.source ?? `no ${CONFIG_FILE}, defaults only`;
      cli.print(
        `${cli.style.green(cli.symbols.done)} ${from}: valid, ${changed} keys are not at their default.`,
      );
    });
  config
    .command('init')
    .description(`write an ${CONFIG_FILE} with every key explained and switched off`)
    .addOption(new Option('--print', 'print it instead'))
    .action((options: { print?: boolean }, command: Command) => {
      const starter = starterConfig(readFileSync(assets().exampleConfig, 'utf8'));
      if (options.print) return cli.print(starter.trimEnd());
      const file = fileOf(cli, {}, command);
      if (existsSync(file)) {
        throw new UserError(`${file} exists already.`, `See it with \`auton config get\`.`, {
          exitCode: EXIT.usage,
        });
      }
      writeFileSync(file, starter, { flag: 'wx' });
      cli.print(`${file} is written.`);
    });
  config
    .command('keys')
    .description('every key with its type, default and meaning')
    .addOption(jsonOption('print JSON'))
    .action((options: Options) => {
      const help = configHelp(readFileSync(assets().exampleConfig, 'utf8'));
      if (options.json) printJson(cli, help);
      else cli.print(...renderHelp(cli, help));
    });
  config
    .command('models')
    .description('the models there are to choose from, and the chosen ones')
    .addOption(configOption())
    .addOption(
      new Option(
        '--kept-keys <names...>',
        'providers whose keys are kept elsewhere, as by an editor',
      ).choices(KEY_NAMES),
    )
    .addOption(jsonOption('print JSON'))
    .action(async (options: Options & { keptKeys?: KeyName[] }, command: Command) => {
      const loaded = loadConfig({ folder: workspaceOf(cli, command), env: cli.env, file: options.config });
      const catalogue = await modelCatalogue(loaded, {
        playbooksFolder: assets().playbooksFolder,
        kept: options.keptKeys ?? [],
      });
      if (options.json) printJson(cli, catalogue);
      else cli.print(...renderCatalogue(cli, catalogue));
    });
  return config;
}

function fileOf(cli: Cli, { config }: Options, command: Command): string {
  return join(workspaceOf(cli, command), config ?? CONFIG_FILE);
}

function shown(value: unknown): string {
  if (value === undefined) return '(not set)';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
