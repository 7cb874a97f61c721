import { existsSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { Command } from 'commander';
import { acceptanceFile, assets } from '../../../config/assets.ts';
import { commitPaths, startFrom } from '../../../git/commit-paths.ts';
import { chooseAccelerator } from '../../../kernel/accel.ts';
import { PROFILES } from '../../../kernel/architectures.ts';
import { EXIT, UserError } from '../../../protocol/errors.ts';
import { given } from '../../../protocol/given.ts';
import type { Architecture } from '../../../protocol/roles.ts';
import { integrationHost } from '../../../run/integration-host.ts';
import { integrateModel, writeReport, type Integration } from '../../../slm/integrate/integrate.ts';
import { ladderFor } from '../../../slm/integrate/model-file.ts';
import { failureOf, REPORT_FILE } from '../../../slm/integrate/report.ts';
import { createSandbox } from '../../../tools/sandbox/create.ts';
import { printJson, type Cli } from '../../cli.ts';
import { kernelSetting, manualFolder, type KernelSetting } from '../../kernel-source.ts';
import { archOption, configOption, jsonOption, positive, workspaceOf } from '../../options.ts';
import { interruptible } from '../../signals.ts';
import { printable } from '../../../protocol/printable.ts';

interface Options {
  model: string;
  fallback?: string[];
  ladder: boolean;
  arch?: Architecture;
  source?: string;
  config?: string;
  timeout?: number;
  json?: boolean;
}

export function integrateCommand(cli: Cli): Command {
  return new Command('integrate')
    .description(
      'make a model part of a kernel: embed it, build, boot, ask, test, commit; or take it back and say why',
    )
    .requiredOption('--model <file>', 'a GGUF file: one that was exported, or any Llama model')
    .option(
      '--fallback <files...>',
      'what to try in its place, in this order [other precisions, then smaller models]',
    )
    .option('--no-ladder', 'try nothing in its place')
    .option(
      '--source <folder>',
      "the kernel's own folder [workspace.path, made from the reference kernel if need be]",
    )
    .option('--timeout <seconds>', 'for each build and each boot', positive('seconds'))
    .addOption(archOption())
    .addOption(configOption())
    .addOption(jsonOption('print the report as JSON'))
    .action(async (options: Options, command: Command) => {
      const { arch, config, source } = options;
      const model = resolve(cli.cwd, options.model);
      if (!existsSync(model)) throw new UserError(`There is no file ${options.model}.`, 'Name a GGUF file.');
      const setting = await ownKernel(cli, workspaceOf(cli, command), given({ arch, config, source }));
      const done = await interruptible((signal) => integrate(cli, setting, options, model, signal));
      if (options.json) printJson(cli, done.report);
      else tell(cli, setting, done);
      cli.exitCode = done.report.outcome === 'rules' ? EXIT.failed : EXIT.done;
    });
}

/** What ships is nobody's to change: where the folder has no kernel yet, it gets one that is a copy of the reference. */
async function ownKernel(
  cli: Cli,
  folder: string,
  options: { arch?: Architecture; config?: string; source?: string },
): Promise<KernelSetting> {
  const setting = kernelSetting(cli, folder, options);
  const { referenceKernel } = assets();
  if (resolve(setting.source) !== referenceKernel) return setting;
  const { config, architecture } = setting;
  const source = resolve(folder, config.workspace.path.replaceAll('<arch>', architecture));
  cli.stderr.write(
    `There is no kernel yet: ${relative(cli.cwd, source)} begins as a copy of the reference kernel.\n`,
  );
  await startFrom(referenceKernel, source);
  return { ...setting, source };
}

async function integrate(
  cli: Cli,
  setting: KernelSetting,
  { fallback, ladder, json, timeout }: Options,
  model: string,
  signal: AbortSignal,
): Promise<Integration> {
  const { config, architecture, source, folder } = setting;
  const { spec } = config.workspace;
  const { specFolder, shippedModels } = assets();
  const fallbacks = fallback?.map((file) => resolve(cli.cwd, file)) ?? ladderFor(model, [shippedModels]);
  const runFolder = manualFolder(setting);
  const host = integrationHost({
    ...{ tree: source, architecture, kernel: config.kernel, runFolder, env: cli.env, signal },
    buildTimeoutMs: (timeout ?? config.validation.build_timeout) * 1000,
    bootTimeoutMs: (timeout ?? config.validation.test_timeout) * 1000,
    acceptanceFile: acceptanceFile(spec === undefined ? specFolder : resolve(folder, spec)),
    sandbox: await createSandbox(config.sandbox, { hide: [] }),
    accel: await chooseAccelerator({
      ...{ setting: config.kernel.accel, profile: PROFILES[architecture], binary: config.kernel.qemu },
      ...{ env: cli.env, signal },
    }),
    commit: (paths, message) => commitPaths(source, paths, message),
    say: (line) => (json ? undefined : cli.print(printable(line))),
  });
  const models: [string, ...string[]] = [model, ...(ladder ? fallbacks : [])];
  const done = await integrateModel({ tree: source, architecture, models, host });
  // The tree is as it was: its report lies with what else was judged by hand.
  if (done.kernel === null) writeReport(runFolder, done.report);
  return done;
}

function tell(cli: Cli, setting: KernelSetting, { report, kernel, commit }: Integration): void {
  const { style } = cli;
  const at = (file: string) => relative(cli.cwd, file);
  for (const attempt of report.attempts.filter(({ passed }) => !passed))
    cli.print(style.yellow(`${at(attempt.model)} did not pass: ${printable(failureOf(attempt) ?? '')}.`));
  if (kernel === null) {
    cli.print(style.red('No model passed: the kernel is as it was, and its rules answer.'));
    cli.print(`Report: ${at(join(manualFolder(setting), REPORT_FILE))}`);
    return;
  }
  const committed =
    commit === null ? 'not committed: the kernel is in no repository' : `commit ${commit.slice(0, 12)}`;
  cli.print(
    style.green(`${at(join(setting.source, report.model ?? ''))} is part of the kernel; ${committed}.`),
  );
  cli.print(`Kernel: ${at(kernel)}`, `Report: ${at(join(setting.source, REPORT_FILE))}`);
  cli.print(
    `Talk to it: ${cli.self} kernel chat --image ${at(kernel)}${setting.architecture === 'x86_64' ? '' : ` --arch ${setting.architecture}`}`,
  );
}
