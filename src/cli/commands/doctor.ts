import { Command } from 'commander';
import { loadConfig } from '../../config/load.ts';
import { chooseAccelerator } from '../../kernel/accel.ts';
import { PROFILES } from '../../kernel/architectures.ts';
import { inspectToolchain } from '../../kernel/toolchain.ts';
import type { Config } from '../../protocol/config.ts';
import { errorMessage, EXIT, UserError } from '../../protocol/errors.ts';
import type { Architecture } from '../../protocol/roles.ts';
import { createSandbox } from '../../tools/sandbox/create.ts';
import { printJson, type Cli } from '../cli.ts';
import { archOption, jsonOption, workspaceOf } from '../options.ts';
import { table } from '../terminal/text.ts';

/** One thing that AUTON needs, and whether it is there. */
interface Check {
  name: string;
  ok: boolean;
  detail: string;
  remedy?: string;
  /** The command that installs it on this machine. */
  install?: string;
}

export function doctorCommand(cli: Cli): Command {
  return new Command('doctor')
    .description('check everything AUTON needs on this machine, the sandbox by trying to escape from it')
    .addOption(archOption())
    .addOption(jsonOption('print JSON'))
    .action(async ({ arch, json }: { arch?: Architecture; json?: boolean }, command: Command) => {
      const checks = await examine(workspaceOf(cli, command), cli.env, arch);
      if (json) printJson(cli, checks);
      else cli.print(...renderChecks(cli, checks));
      cli.exitCode = checks.every(({ ok }) => ok) ? EXIT.done : EXIT.failed;
    });
}

async function examine(folder: string, env: NodeJS.ProcessEnv, arch?: Architecture): Promise<Check[]> {
  const checks: Check[] = [{ name: 'node', ok: true, detail: process.version }];
  let config: Config | null = null;
  checks.push(
    await attempt('configuration', () => {
      const loaded = loadConfig({ folder, env });
      config = loaded.config;
      return loaded.source ?? 'defaults, no auton.toml';
    }),
  );
  if (!config) return checks;
  const { kernel, sandbox } = config as Config;
  const architecture = arch ?? kernel.arch;
  const { cc, as, ld, qemu, accel } = kernel;
  for (const tool of await inspectToolchain(architecture, { choice: { cc, as, ld, qemu }, env })) {
    const { name, path, version, neededFor, remedy, install } = tool;
    if (path !== undefined) checks.push({ name, ok: true, detail: version ?? path });
    else {
      const detail = `missing, needed for ${neededFor}`;
      checks.push({ name, ok: false, detail, remedy, ...(install === undefined ? {} : { install }) });
    }
  }
  checks.push(
    await attempt('sandbox', async () => {
      const { mode } = await createSandbox(sandbox, { hide: [] });
      return mode === 'off'
        ? 'OFF: agents run with all your rights'
        : `${mode}, every way out that was tried is closed`;
    }),
    await attempt('accelerator', () =>
      chooseAccelerator({ setting: accel, profile: PROFILES[architecture], binary: qemu, env }),
    ),
  );
  return checks;
}

async function attempt(name: string, check: () => string | Promise<string>): Promise<Check> {
  try {
    return { name, ok: true, detail: await check() };
  } catch (error) {
    if (!(error instanceof UserError)) return { name, ok: false, detail: errorMessage(error) };
    return { name, ok: false, detail: error.message, remedy: error.remedy };
  }
}

function renderChecks({ style, symbols }: Cli, checks: readonly Check[]): string[] {
  const rows = checks.map(({ name, ok, detail }) => [
    `${ok ? style.green(symbols.done) : style.red(symbols.failed)} ${name}`,
    detail,
  ]);
  const lines = table(rows);
  const broken = checks.filter(({ ok }) => !ok);
  if (broken.length === 0) return [...lines, '', style.green('Everything is in place.')];
  const remedies = broken.map(({ name, remedy }) => `  ${name}: ${remedy ?? 'see above'}`);
  return [...lines, '', style.red('What to do:'), ...remedies];
}
