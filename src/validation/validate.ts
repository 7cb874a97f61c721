import type { Accelerator } from '../kernel/qemu.ts';
import { UserError } from '../protocol/errors.ts';
import type { Evidence, TestResult } from '../protocol/evidence.ts';
import type { Config } from '../protocol/config.ts';
import type { Architecture } from '../protocol/roles.ts';
import type { Sandbox } from '../tools/sandbox.ts';
import { loadAcceptanceTests, readSubsystems, selectTests } from './acceptance.ts';
import { validateBoot } from './boot.ts';
import { validateBuild } from './build.ts';
import { validateComposition } from './composition.ts';
import { sharedObjects } from './objects.ts';
import { kernelOf } from './record.ts';
import type { ValidationContext } from './record.ts';

export interface WorkspaceOptions extends ValidationContext {
  /** The folder with the kernel's Makefile. */
  folder: string;
  architecture: Architecture;
  acceptanceFile: string;
  sandbox: Sandbox;
  accel: Accelerator;
  config: Pick<Config, 'kernel' | 'validation'>;
  build: boolean;
  test: boolean;
  composition: boolean;
  /** For each build and each boot, in the place of the configured ones. */
  timeoutMs?: number | undefined;
  /** Of the acceptance tests only these. */
  names?: readonly string[] | undefined;
  /** As for `validateBuild`. */
  debugInfo?: boolean | undefined;
  onOutput?: ((text: string) => void) | undefined;
  onEvidence?: ((evidence: Evidence) => void) | undefined;
  /** As for `validateBoot`, of the boot with all subsystems. */
  onTest?: ((result: TestResult) => void) | undefined;
  onSerialLine?: ((line: string) => void) | undefined;
}

/** Runs the validators that were asked for on a kernel as it lies there; stops at the first that fails. */
export async function validateWorkspace(options: WorkspaceOptions): Promise<Evidence[]> {
  const { folder, config, architecture } = options;
  if (!options.build && !options.test && !options.composition) {
    throw new UserError('There is nothing to validate.', 'Ask for a build, tests or the composition.');
  }
  const all: Evidence[] = [];
  const add = (evidence: Evidence) => {
    all.push(evidence);
    options.onEvidence?.(evidence);
    return evidence;
  };
  // One tree only: whatever its Makefile does to the kept objects, it does to itself.
  const common = {
    ...options,
    workspace: folder,
    tools: config.kernel,
    qemu: config.kernel.qemu,
    keepObjects: sharedObjects(options.runFolder),
  };
  const buildTimeoutMs = options.timeoutMs ?? config.validation.build_timeout * 1000;
  const bootTimeoutMs = options.timeoutMs ?? config.validation.test_timeout * 1000;
  const tests = options.test || options.composition ? loadAcceptanceTests(options.acceptanceFile) : [];

  // Tests need a kernel, whether or not its build was asked for by name.
  const built = add(await validateBuild({ ...common, target: 'kernel', timeoutMs: buildTimeoutMs }));
  const kernel = kernelOf(built, options.runFolder);
  if (!built.passed || kernel === undefined) return all;

  let booted: Evidence | undefined;
  if (options.test) {
    const subsystems = [...readSubsystems(folder).keys()];
    const { names } = options;
    const selected = selectTests(tests, { architecture, subsystems, ...(names ? { names } : {}) });
    booted = add(await validateBoot({ ...common, kernel, tests: selected, timeoutMs: bootTimeoutMs }));
  }
  if (options.composition) {
    add(
      await validateComposition({
        ...common,
        onTest: undefined,
        tests,
        buildTimeoutMs,
        bootTimeoutMs,
        together: booted,
      }),
    );
  }
  return all;
}
