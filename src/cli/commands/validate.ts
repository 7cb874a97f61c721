import { relative, resolve } from 'node:path';
import { Command } from 'commander';
import { acceptanceFile, assets } from '../../config/assets.ts';
import { chooseAccelerator } from '../../kernel/accel.ts';
import { PROFILES } from '../../kernel/architectures.ts';
import { CallChain } from '../../kernel/call-chain.ts';
import { EXIT } from '../../protocol/errors.ts';
import type { Evidence } from '../../protocol/evidence.ts';
import { given } from '../../protocol/given.ts';
import type { Architecture } from '../../protocol/roles.ts';
import type { ValidateEvent } from '../../protocol/validate-events.ts';
import { createSandbox } from '../../tools/sandbox/create.ts';
import { kernelOf } from '../../validation/record.ts';
import { validateWorkspace } from '../../validation/validate.ts';
import { listTests } from '../acceptance-list.ts';
import { printJson, type Cli } from '../cli.ts';
import { kernelSetting, manualFolder, type KernelSetting } from '../kernel-source.ts';
import { renderEvidence } from '../live/evidence-view.ts';
import { LogLines } from '../live/log-lines.ts';
import { nameFrom, placesFrom } from '../live/places.ts';
import { archOption, configOption, jsonOption, logOption, positive, workspaceOf } from '../options.ts';
import { interruptible } from '../signals.ts';
import { table } from '../terminal/text.ts';

interface Options {
  build?: boolean;
  test?: boolean;
  composition?: boolean;
  only?: string[];
  timeout?: number;
  arch?: Architecture;
  config?: string;
  json?: boolean;
  log?: boolean;
  events?: boolean;
  list?: boolean;
}

export function validateCommand(cli: Cli): Command {
  return new Command('validate')
    .description('judge a kernel as a run would: build it, boot it, run its acceptance tests')
    .argument('[folder]', "the kernel's own folder [workspace.path]")
    .option('--build', 'build it, warnings are errors')
    .option('--test', 'boot it and run the acceptance tests of its subsystems')
    .option('--composition', 'find the smallest set of subsystems that fails together')
    .option('--only <tests>', 'of the acceptance tests only these, as in a,b,c', (names) => names.split(','))
    .option('--list', 'do nothing but list the acceptance tests, of every architecture')
    .option('--timeout <seconds>', 'for each build and each boot', positive('seconds'))
    .addOption(archOption())
    .addOption(configOption())
    .addOption(jsonOption('print the evidence, or the list, as JSON'))
    .addOption(logOption('show what the compilers and the kernel print, as they do').conflicts('json'))
    .option('--events', 'print what happens as it happens, one JSON object a line')
    .action(async (source: string | undefined, options: Options, command: Command) => {
      const { arch, config: file } = options;
      const setting = kernelSetting(cli, workspaceOf(cli, command), given({ arch, config: file, source }));
      if (options.list) return showList(cli, setting, options);
      const evidence = await interruptible((signal) => judge(cli, setting, options, signal));
      if (options.json && !options.events) printJson(cli, evidence);
      cli.exitCode = evidence.every(({ passed }) => passed) ? EXIT.done : EXIT.failed;
    });
}

async function judge(
  cli: Cli,
  setting: KernelSetting,
  options: Options,
  signal: AbortSignal,
): Promise<Evidence[]> {
  const { config, architecture, source } = setting;
  const profile = PROFILES[architecture];
  const runFolder = manualFolder(setting);
  const all = !options.build && !options.test && !options.composition && !options.only;
  const show: Show | null = options.events
    ? new EventStream(cli)
    : options.json
      ? null
      : new Report(cli, setting, options.log === true);
  let chain: CallChain | null = null;
  const evidence = await validateWorkspace({
    ...{ folder: source, architecture, config, env: cli.env, signal, runFolder },
    acceptanceFile: testsOf(setting),
    sandbox: await createSandbox(config.sandbox, { hide: [] }),
    accel: await chooseAccelerator({
      ...{ setting: config.kernel.accel, profile, binary: config.kernel.qemu, env: cli.env, signal },
    }),
    build: all || options.build === true,
    test: all || options.test === true || options.only !== undefined,
    composition: options.composition === true,
    names: options.only,
    timeoutMs: options.timeout === undefined ? undefined : options.timeout * 1000,
    debugInfo: true,
    onOutput: (text) => show?.output('build', text),
    onTest: (result) => show?.test?.(result),
    onSerialLine: (line) => show?.output('serial', chain?.add(`${line}\n`) ?? `${line}\n`),
    onEvidence: (piece) => {
      const kernel = kernelOf(piece, runFolder);
      const name = (file: string) => nameFrom(cli.cwd, file);
      if (kernel !== undefined) chain = new CallChain({ kernel, ld: profile.ld, env: cli.env, name });
      show?.evidence(piece);
    },
  });
  return evidence;
}

/** How what happens is shown. */
interface Show {
  output(from: 'build' | 'serial', text: string): void;
  test?(result: Evidence['tests'][number]): void;
  evidence(evidence: Evidence): void;
}

/** For people. */
class Report implements Show {
  readonly #cli: Cli;
  readonly #places: (text: string) => string;
  readonly #log: LogLines | null;

  constructor(cli: Cli, { source, architecture }: KernelSetting, log: boolean) {
    this.#cli = cli;
    this.#places = placesFrom(source, cli.cwd);
    this.#log = log ? new LogLines(cli, this.#places) : null;
    cli.print(cli.style.dim(`Judging ${relative(cli.cwd, source) || '.'} for ${architecture}.`));
  }

  output(_from: string, text: string): void {
    this.#log?.add(text);
  }

  evidence(evidence: Evidence): void {
    this.#log?.end();
    // What the log has shown is not repeated.
    const logged = this.#log !== null && evidence.kind !== 'composition';
    const findings = evidence.kind === 'build' ? [] : evidence.findings;
    const shown = logged ? { ...evidence, findings, tail: undefined } : evidence;
    this.#cli.print(...renderEvidence(shown, this.#cli, this.#places));
  }
}

/** For other programs. */
class EventStream implements Show {
  readonly #cli: Cli;

  constructor(cli: Cli) {
    this.#cli = cli;
  }

  output(from: 'build' | 'serial', text: string): void {
    this.#print({ type: 'output', from, text });
  }

  test(result: Evidence['tests'][number]): void {
    this.#print({ type: 'test', result });
  }

  evidence(evidence: Evidence): void {
    this.#print({ type: 'evidence', evidence });
  }

  #print(event: ValidateEvent): void {
    this.#cli.print(JSON.stringify(event));
  }
}

function testsOf({ folder, config }: KernelSetting): string {
  const { spec } = config.workspace;
  return acceptanceFile(spec === undefined ? assets().specFolder : resolve(folder, spec));
}

function showList(cli: Cli, setting: KernelSetting, { json }: Options): void {
  const list = listTests(setting, testsOf(setting), cli.env);
  if (json) return printJson(cli, list);
  for (const { name: arch, reason, tests } of list.architectures) {
    cli.print(cli.style.bold(arch) + (reason === null ? '' : `  ${cli.style.yellow(reason)}`));
    const rows = tests.map((test) => [`  ${test.subsystem}`, test.name, cli.style.dim(test.reason ?? '')]);
    cli.print(...table(rows));
  }
}
