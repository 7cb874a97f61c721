import { PROFILES } from '../kernel/architectures.ts';
import { KernelChat } from '../kernel/interactive.ts';
import type { Accelerator } from '../kernel/qemu.ts';
import type { Config } from '../protocol/config.ts';
import type { Evidence } from '../protocol/evidence.ts';
import type { Architecture } from '../protocol/roles.ts';
import type { IntegrationHost } from '../slm/integrate/host.ts';
import type { Sandbox } from '../tools/sandbox.ts';
import { loadAcceptanceTests, readSubsystems, selectTests } from '../validation/acceptance.ts';
import { validateBoot } from '../validation/boot.ts';
import { validateBuild } from '../validation/build.ts';
import { sharedObjects } from '../validation/objects.ts';
import { kernelOf } from '../validation/record.ts';

export interface IntegrationHostOptions {
  /** The folder with the kernel's Makefile. */
  tree: string;
  architecture: Architecture;
  kernel: Config['kernel'];
  buildTimeoutMs: number;
  bootTimeoutMs: number;
  sandbox: Sandbox;
  accel: Accelerator;
  acceptanceFile: string;
  /** Evidence goes below it. */
  runFolder: string;
  env: NodeJS.ProcessEnv;
  signal: AbortSignal;
  commit: IntegrationHost['commit'];
  say: IntegrationHost['say'];
}

/** 32 ns an instruction: a boot of few million instructions is then many of the kernel's milliseconds. */
const CLOCK_SHIFT = 5;

/** Builds and boots for an integration as the validators do it for every kernel. */
export function integrationHost(options: IntegrationHostOptions): IntegrationHost {
  const { tree, architecture, kernel: tools, runFolder, env, signal, accel } = options;
  const profile = PROFILES[architecture];
  const { qemu } = tools;
  const context = { architecture, runFolder, env, signal };
  return {
    memoryMb: profile.memoryMb,
    commit: options.commit,
    say: options.say,
    async build() {
      const evidence = await validateBuild({
        ...context,
        ...{ workspace: tree, target: 'kernel', sandbox: options.sandbox, tools },
        timeoutMs: options.buildTimeoutMs,
        keepObjects: sharedObjects(runFolder),
      });
      const kernel = kernelOf(evidence, runFolder);
      return evidence.passed && kernel !== undefined ? { kernel } : { problem: problemOf(evidence) };
    },
    boot(image, { cmdline, counted } = {}) {
      signal.throwIfAborted();
      return KernelChat.start(
        {
          ...{ profile, image, boot: 'kernel', binary: qemu, env, signal },
          ...(cmdline === undefined ? {} : { cmdline }),
          ...(counted ? { accel: 'tcg', instructionClock: { shift: CLOCK_SHIFT } } : { accel }),
        },
        options.bootTimeoutMs,
      );
    },
    async regression(kernel) {
      const subsystems = [...readSubsystems(tree).keys()];
      const tests = selectTests(loadAcceptanceTests(options.acceptanceFile), { architecture, subsystems });
      const evidence = await validateBoot({
        ...{ ...context, kernel, tests, accel, qemu },
        timeoutMs: options.bootTimeoutMs,
      });
      const failed = evidence.tests.filter(({ passed }) => !passed).map(({ name }) => name);
      // A test may pass and the boot still fail: a panic behind it.
      if (!evidence.passed && failed.length === 0) failed.push(problemOf(evidence));
      return { passed: evidence.tests.length - failed.length, failed, summary: evidence.summary };
    },
  };
}

function problemOf({ summary, findings, tail }: Evidence): string {
  const finding = findings.find(({ severity }) => severity === 'error');
  // What a rule of the Makefile says before it ends is no finding of a compiler.
  const said = tail?.split('\n').findLast((line) => line.trim() !== '' && !line.startsWith('make'));
  return finding && !/^make ended/.test(finding.message) ? finding.message : (said ?? summary);
}
