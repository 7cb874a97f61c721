import { join, relative, resolve } from 'node:path';
import { Command } from 'commander';
import { acceptanceFile, assets } from '../../config/assets.ts';
import { chooseAccelerator } from '../../kernel/accel.ts';
import { PROFILES } from '../../kernel/architectures.ts';
import { EXIT } from '../../protocol/errors.ts';
import { given } from '../../protocol/given.ts';
import type { Architecture } from '../../protocol/roles.ts';
import { createSandbox } from '../../tools/sandbox/create.ts';
import { validateWorkspace } from '../../validation/validate.ts';
import { printJson, type Cli } from '../cli.ts';
import { kernelSetting } from '../kernel-source.ts';
import { renderEvidence } from '../live/evidence-view.ts';
import { archOption, configOption, jsonOption, positive, workspaceOf } from '../options.ts';

interface Options {
  build?: boolean;
  test?: boolean;
  composition?: boolean;
  timeout?: number;
  arch?: Architecture;
  config?: string;
  json?: boolean;
}

export function validateCommand(cli: Cli): Command {
  return new Command('validate')
    .description('judge a kernel as a run would: build it, boot it, run its acceptance tests')
    .argument('[folder]', "the kernel's own folder [workspace.path]")
    .option('--build', 'build it, warnings are errors')
    .option('--test', 'boot it and run the acceptance tests of its subsystems')
    .option('--composition', 'find the smallest set of subsystems that fails together')
    .option('--timeout <seconds>', 'for each build and each boot', positive('seconds'))
    .addOption(archOption())
    .addOption(configOption())
    .addOption(jsonOption('print the evidence as JSON'))
    .action(async (source: string | undefined, options: Options, command: Command) => {
      const { arch, config: file } = options;
      const setting = kernelSetting(cli, workspaceOf(cli, command), given({ arch, config: file, source }));
      const { config, architecture, folder } = setting;
      const spec = config.workspace.spec;
      const specFolder = spec === undefined ? assets().specFolder : resolve(folder, spec);
      const all = !options.build && !options.test && !options.composition;
      if (!options.json)
        cli.print(cli.style.dim(`Judging ${relative(cli.cwd, setting.source) || '.'} for ${architecture}.`));
      const evidence = await validateWorkspace({
        ...{ folder: setting.source, architecture, config, env: cli.env },
        runFolder: join(folder, '.auton', 'manual'),
        acceptanceFile: acceptanceFile(specFolder),
        sandbox: await createSandbox(config.sandbox, { hide: [] }),
        accel: await chooseAccelerator({
          setting: config.kernel.accel,
          profile: PROFILES[architecture],
          binary: config.kernel.qemu,
          env: cli.env,
        }),
        build: all || options.build === true,
        test: all || options.test === true,
        composition: options.composition === true,
        timeoutMs: options.timeout === undefined ? undefined : options.timeout * 1000,
        onEvidence: (piece) => {
          if (!options.json) cli.print(...renderEvidence(piece, cli));
        },
      });
      if (options.json) printJson(cli, evidence);
      cli.exitCode = evidence.every(({ passed }) => passed) ? EXIT.done : EXIT.failed;
    });
}
