import type { Accelerator } from '../../kernel/qemu.ts';
import type { Config } from '../../protocol/config.ts';
import type { Architecture } from '../../protocol/roles.ts';
import type { KernelBench } from '../../slm/workshop.ts';
import type { Sandbox } from '../../tools/sandbox.ts';
import type { ToolContext } from '../../tools/tool.ts';
import { integrationHost } from '../integration-host.ts';

/** Builds and boots the kernel of an agent's worktree, for the tools that put a model into it. */
export type KernelIntegration = (context: ToolContext, say: (line: string) => void) => Promise<KernelBench>;

export function kernelIntegration(given: {
  config: Config;
  arch: Architecture;
  sandbox: Sandbox;
  accel: Accelerator;
  acceptanceFile: string;
  folder: string;
  env: NodeJS.ProcessEnv;
}): KernelIntegration {
  const { config, arch: architecture, folder: runFolder, ...machine } = given;
  return ({ worktree, host, signal }, say) => {
    const { build_timeout: build, test_timeout: boot } = config.validation;
    const options = {
      ...{ ...machine, architecture, runFolder, signal, say, tree: worktree, kernel: config.kernel },
      buildTimeoutMs: build * 1000,
      bootTimeoutMs: boot * 1000,
      commit: (_paths: readonly string[], message: string) => host.commit(message),
    };
    return Promise.resolve({ architecture, host: integrationHost(options) });
  };
}
