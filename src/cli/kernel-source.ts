import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { assets } from '../config/assets.ts';
import { loadConfig } from '../config/load.ts';
import { chooseAccelerator } from '../kernel/accel.ts';
import { PROFILES } from '../kernel/architectures.ts';
import type { QemuOptions } from '../kernel/qemu.ts';
import type { Config } from '../protocol/config.ts';
import { UserError } from '../protocol/errors.ts';
import type { Evidence } from '../protocol/evidence.ts';
import type { Architecture } from '../protocol/roles.ts';
import { readRun, runIds } from '../run/runs.ts';
import { makeStateFolder } from '../run/state-folder.ts';
import { createSandbox } from '../tools/sandbox/create.ts';
import { validateBuild } from '../validation/build.ts';
import { sharedObjects } from '../validation/objects.ts';
import { kernelOf } from '../validation/record.ts';
import type { Cli } from './cli.ts';
import { renderEvidence } from './live/evidence-view.ts';
import { nameFrom, placesFrom } from './live/places.ts';
import { lastKernel } from './live/summary.ts';

/** What the kernel commands work on, from the configuration and their options. */
export interface KernelSetting {
  folder: string;
  config: Config;
  architecture: Architecture;
  /** The folder with the kernel's Makefile. */
  source: string;
}

/** The kernel of a folder: the one named, else the workspace of the configuration, else the reference kernel. */
export function kernelSetting(
  cli: Cli,
  folder: string,
  options: { arch?: Architecture; config?: string; source?: string },
): KernelSetting {
  const { config } = loadConfig({ folder, env: cli.env, file: options.config });
  const architecture = options.arch ?? config.kernel.arch;
  if (options.source !== undefined) {
    const source = resolve(cli.cwd, options.source);
    if (existsSync(join(source, 'Makefile'))) return { folder, config, architecture, source };
    throw new UserError(
      `There is no Makefile in ${source}.`,
      "Name a kernel's own folder, the one with its Makefile.",
    );
  }
  const workspace = resolve(folder, config.workspace.path.replaceAll('<arch>', architecture));
  const source = existsSync(join(workspace, 'Makefile')) ? workspace : assets().referenceKernel;
  if (existsSync(join(source, 'Makefile'))) return { folder, config, architecture, source };
  throw new UserError(
    `There is no kernel in ${workspace}.`,
    `Build one with \`${cli.self} run "<goal>"\`, or name its folder.`,
  );
}

/** Where the builds and boots that a person asks for leave their evidence. */
export const manualFolder = ({ folder }: KernelSetting) => join(makeStateFolder(folder), 'manual');

/** Builds in the sandbox as the build validator does, with source lines for debuggers; see `builtKernel`. */
export async function buildKernel(
  cli: Cli,
  setting: KernelSetting,
  options: { onOutput?: ((text: string) => void) | undefined; signal?: AbortSignal | undefined } = {},
): Promise<{ evidence: Evidence; kernel: string | null }> {
  const { config, architecture, source } = setting;
  const runFolder = manualFolder(setting);
  const evidence = await validateBuild({
    ...{ runFolder, architecture, workspace: source, target: 'kernel', tools: config.kernel, env: cli.env },
    sandbox: await createSandbox(config.sandbox, { hide: [] }),
    timeoutMs: config.validation.build_timeout * 1000,
    debugInfo: true,
    // As in `validateWorkspace`: whatever the Makefile does to them, it does to its own kernel.
    keepObjects: sharedObjects(runFolder),
    ...options,
  });
  const built = kernelOf(evidence, runFolder);
  if (!evidence.passed || built === undefined) return { evidence, kernel: null };
  const kernel = builtKernel(setting);
  mkdirSync(dirname(kernel), { recursive: true });
  copyFileSync(built, kernel);
  return { evidence, kernel };
}

/** Where a build leaves the kernel: in `build/` of its folder, or below `.auton` when that is not the user's own. */
export function builtKernel(setting: KernelSetting): string {
  const { architecture, source, folder } = setting;
  const own = nameFrom(folder, source) !== source;
  const out = own ? join(source, 'build') : join(manualFolder(setting), basename(source));
  return join(out, architecture === 'x86_64' ? 'kernel.elf' : `kernel-${architecture}.elf`);
}

/** A kernel to boot: the file named, else what the newest run merged, else one that is built now. */
export async function findKernel(
  cli: Cli,
  setting: KernelSetting,
  options: { image?: string; build?: boolean; signal?: AbortSignal | undefined },
): Promise<string> {
  if (options.image !== undefined) {
    const image = resolve(cli.cwd, options.image);
    if (existsSync(image)) return image;
    throw new UserError(`There is no file ${image}.`, `Build a kernel with \`${cli.self} kernel build\`.`);
  }
  const merged = options.build ? null : await mergedKernel(cli, setting);
  if (merged !== null) return merged;
  cli.stderr.write(`Building ${relative(cli.cwd, setting.source) || '.'} ...\n`);
  const { evidence, kernel } = await buildKernel(cli, setting, { signal: options.signal });
  if (kernel !== null) return kernel;
  cli.print(...renderEvidence(evidence, cli, placesFrom(setting.source, cli.cwd)));
  throw new UserError('The kernel does not build.', 'Correct what the compiler says above.');
}

/** The kernel that the newest run of this architecture has come to. */
export async function mergedKernel(
  cli: Cli,
  { folder, architecture }: KernelSetting,
): Promise<string | null> {
  for (const run of runIds(folder).reverse()) {
    const stored = await readRun(folder, run);
    const { state } = stored;
    const kernel = state.arch === architecture ? lastKernel(state) : null;
    if (kernel === null || !existsSync(join(stored.folder, kernel))) continue;
    if (state.merges.length < state.tasks.size) {
      const part = `${state.merges.length} of ${state.tasks.size} tasks`;
      cli.stderr.write(`This kernel has only ${part} of ${run}, which is ${state.status}.\n`);
    }
    return join(stored.folder, kernel);
  }
  return null;
}

/** How this machine boots an image. */
export async function bootOptions(cli: Cli, setting: KernelSetting, image: string): Promise<QemuOptions> {
  const { architecture, config } = setting;
  const profile = PROFILES[architecture];
  const binary = config.kernel.qemu;
  const accel = await chooseAccelerator({ setting: config.kernel.accel, profile, binary, env: cli.env });
  return { profile, image, boot: 'kernel', accel, binary, env: cli.env };
}
