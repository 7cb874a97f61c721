import { rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import PQueue from 'p-queue';
import { INTEGRATION } from '../agents/slm-pipeline.ts';
import type { Accelerator } from '../kernel/qemu.ts';
import { findProgram } from '../kernel/toolchain.ts';
import type { Config } from '../protocol/config.ts';
import type { AcceptanceTest, Evidence } from '../protocol/evidence.ts';
import type { Architecture } from '../protocol/roles.ts';
import type { BuildTarget, TaskSpec } from '../protocol/task.ts';
import type { Sandbox } from '../tools/sandbox.ts';
import { readSubsystems, selectTests } from '../validation/acceptance.ts';
import { validateBoot } from '../validation/boot.ts';
import { validateBuild } from '../validation/build.ts';
import { validateComposition } from '../validation/composition.ts';
import { validateDiff } from '../validation/diff.ts';
import { adoptObjects, sharedObjects } from '../validation/objects.ts';
import { kernelOf } from '../validation/record.ts';
import type { Workspace } from '../git/workspace.ts';
import type { Gates, MergeGateInput, Record, TaskGateInput } from './gates.ts';
import { MAX_MODEL_BYTES } from './slm/gates.ts';

export interface KernelGateOptions {
  config: Config;
  arch: Architecture;
  acceptance: readonly AcceptanceTest[];
  workspace: Workspace;
  sandbox: Sandbox;
  accel: Accelerator;
  /** The run's folder: evidence goes below it. */
  folder: string;
  env: NodeJS.ProcessEnv;
  onSerialLine: (source: string, line: string) => void;
}

/** The compilers that the finished kernel must satisfy besides the configured one, where they are installed. */
const SECOND_COMPILERS = ['gcc', 'clang'];

/** Merges go before tasks: everybody waits for them. */
const MERGE_PRIORITY = 1;

interface Judged {
  path: string;
  tree?: string;
  signal: AbortSignal;
}

interface BuildHow {
  priority?: number | undefined;
  keepObjects?: string | undefined;
  fresh?: boolean | undefined;
}

/** The gates of a kernel: real diffs, real builds in the sandbox, real boots in QEMU. */
export class KernelGates implements Gates {
  readonly #options: KernelGateOptions;
  /** Builds and boots are what costs: as many at a time as there are cores, merges before tasks. */
  readonly #machine = new PQueue({ concurrency: availableParallelism() });
  readonly #bootTimes: number[] = [];

  constructor(options: KernelGateOptions) {
    this.#options = options;
  }

  async task({ spec, path, base, head, signal }: TaskGateInput, record: Record): Promise<boolean> {
    const { workspace, acceptance } = this.#options;
    const tree = await workspace.treeOf(head);
    const diff = validateDiff(await workspace.changes(base, head), {
      scope: spec.scope,
      tests: acceptance,
      ...(spec.id === INTEGRATION
        ? { binary: { files: ['slm/models/*.gguf'], maxBytes: MAX_MODEL_BYTES } }
        : {}),
      tree,
    });
    await record(diff);
    if (!diff.passed) return false;
    const judged = { path, tree, signal };
    const keepObjects = this.#waitingObjects(spec);
    rmSync(keepObjects, { recursive: true, force: true });
    if (spec.build !== 'kernel')
      return this.#recorded(record, await this.#build(judged, { target: spec.build, keepObjects }));
    const how = { tests: this.#tests(spec.acceptance), source: spec.id, keepObjects };
    return this.#buildAndBoot(judged, how, record);
  }

  async merged({ path, tree, specs, signal }: MergeGateInput, record: Record): Promise<boolean> {
    const judged = { path, tree, signal };
    const spec = specs.at(-1)!;
    const keepObjects = sharedObjects(this.#options.folder);
    adoptObjects(this.#waitingObjects(spec), keepObjects);
    // Until the first task that makes a kernel, there is none to link and boot.
    if (!specs.some(({ build }) => build === 'kernel')) {
      return this.#recorded(
        record,
        await this.#build(judged, { target: weakest(specs), priority: MERGE_PRIORITY, keepObjects }),
      );
    }
    const tests = this.#tests(specs.flatMap(({ acceptance }) => acceptance));
    return this.#buildAndBoot(
      judged,
      { tests, source: `merge of ${spec.id}`, priority: MERGE_PRIORITY, keepObjects, compose: true },
      record,
    );
  }

  async final({ path, tree, signal }: Judged & { tree: string }, record: Record): Promise<boolean> {
    const { acceptance, arch, config, env } = this.#options;
    const judged = { path, tree, signal };
    const subsystems = [...readSubsystems(path).keys()];
    const tests = selectTests(acceptance, { architecture: arch, subsystems });
    const others = SECOND_COMPILERS.filter((cc) => cc !== config.kernel.cc && findProgram(cc, env));
    // The other compilers fill the time in which the kernel of the first one links and boots.
    const passed = await Promise.all([
      this.#buildAndBoot(judged, { tests, source: 'final', compose: true, fresh: true }, record),
      ...others.map(async (cc) =>
        this.#recorded(record, await this.#build(judged, { target: 'kernel', cc, fresh: true })),
      ),
    ]);
    return passed.every(Boolean);
  }

  build({ path, target, signal }: Judged & { target: BuildTarget }): Promise<Evidence> {
    return this.#build({ path, signal }, { target });
  }

  async test({ path, names, signal }: Judged & { names: readonly string[] }): Promise<Evidence> {
    const built = await this.#build({ path, signal }, { target: 'kernel' });
    const kernel = kernelOf(built, this.#options.folder);
    if (!built.passed || kernel === undefined) return built;
    return this.#boot({ path, signal }, kernel, { tests: this.#tests(names), source: 'run_test' });
  }

  async #buildAndBoot(
    judged: Judged,
    how: BuildHow & { tests: AcceptanceTest[]; source: string; compose?: boolean },
    record: Record,
  ): Promise<boolean> {
    const { folder, config } = this.#options;
    const { priority, keepObjects, fresh } = how;
    const built = await this.#build(judged, { target: 'kernel', priority, keepObjects, fresh });
    await record(built);
    const kernel = kernelOf(built, folder);
    if (!built.passed || kernel === undefined) return false;
    const booted = await this.#boot(judged, kernel, how);
    await record(booted);
    if (booted.passed && booted.bootMs !== undefined) this.#bootTimes.push(booted.bootMs);
    if (
      how.compose &&
      config.validation.composition_checks &&
      (!booted.passed || this.#bootTimes.length > 1)
    ) {
      await record(await this.#compose(judged, booted, how));
    }
    return booted.passed;
  }

  #build(
    { path, tree, signal }: Judged,
    how: BuildHow & { target: BuildTarget; cc?: string },
  ): Promise<Evidence> {
    const { config, arch, sandbox, folder, env } = this.#options;
    return this.#queued(how.priority, () =>
      validateBuild({
        workspace: path,
        architecture: arch,
        target: how.target,
        sandbox,
        tools: { ...config.kernel, ...(how.cc ? { cc: how.cc } : {}) },
        timeoutMs: config.validation.build_timeout * 1000,
        keepObjects: how.keepObjects,
        fresh: how.fresh,
        runFolder: folder,
        tree,
        signal,
        env,
      }),
    );
  }

  #boot(
    { tree, signal }: Judged,
    kernel: string,
    how: { tests: AcceptanceTest[]; source: string; priority?: number | undefined },
  ): Promise<Evidence> {
    return this.#queued(how.priority, () =>
      validateBoot({
        ...this.#bootOptions(how.source),
        kernel,
        tests: how.tests,
        timeoutMs: this.#options.config.validation.test_timeout * 1000,
        tree,
        signal,
      }),
    );
  }

  /** Where the whole fails though its parts passed: which subsystems do that to each other. */
  #compose(
    { path, tree, signal }: Judged,
    together: Evidence,
    { source, fresh }: { source: string; fresh?: boolean | undefined },
  ): Promise<Evidence> {
    const { config, sandbox, acceptance } = this.#options;
    return validateComposition({
      ...this.#bootOptions(source),
      workspace: path,
      sandbox,
      tools: config.kernel,
      tests: acceptance,
      buildTimeoutMs: config.validation.build_timeout * 1000,
      bootTimeoutMs: config.validation.test_timeout * 1000,
      together,
      // The last merge was compared already; now another compiler may be at work beside the boot.
      earlierBootMs: fresh ? [] : this.#bootTimes.slice(0, -1),
      tree,
      signal,
    });
  }

  #bootOptions(source: string) {
    const { arch, accel, config, folder, env, onSerialLine } = this.#options;
    return {
      architecture: arch,
      accel,
      qemu: config.kernel.qemu,
      runFolder: folder,
      env,
      onSerialLine: (line: string) => onSerialLine(source, line),
    };
  }

  #queued(priority: number | undefined, work: () => Promise<Evidence>): Promise<Evidence> {
    return this.#machine.add(work, { priority: priority ?? 0 });
  }

  /** Only what has passed every gate of its task gets among the objects that other builds take: until then they wait. */
  #waitingObjects({ id }: TaskSpec): string {
    return join(this.#options.folder, 'objects-of', id);
  }

  #tests(names: readonly string[]): AcceptanceTest[] {
    return selectTests(this.#options.acceptance, { architecture: this.#options.arch, names });
  }

  async #recorded(record: Record, evidence: Evidence): Promise<boolean> {
    await record(evidence);
    return evidence.passed;
  }
}

/** What a tree can be built as while no task has made a kernel yet. */
function weakest(specs: readonly TaskSpec[]): BuildTarget {
  return specs.every(({ build }) => build === 'headers') ? 'headers' : 'compile';
}
