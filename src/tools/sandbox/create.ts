import { execFile } from 'node:child_process';
import { realpath } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { Config } from '../../protocol/config.ts';
import { errorMessage, hasCode, UserError } from '../../protocol/errors.ts';
import type { Sandbox } from '../sandbox.ts';
import { Bubblewrap } from './bubblewrap.ts';
import { CgroupPool } from './cgroup.ts';
import { namespaceRemedy, probe, PROBE_PROCESSES } from './probe.ts';
import { Unconfined } from './unconfined.ts';

/**
 * The sandbox that a run uses, proven by trying to escape from it. Rejects with a UserError when there is none: then a
 * run must not start.
 */
export async function createSandbox(
  config: Config['sandbox'],
  options: { hide: string[] },
): Promise<Sandbox> {
  if (config.mode === 'off') return new Unconfined(config);
  if (process.platform !== 'linux') {
    throw new UserError(
      `Agents run only in a sandbox, and AUTON has none for ${process.platform}.`,
      'Run AUTON on Linux (on Windows in WSL 2, on macOS in a virtual machine), or set sandbox.mode = "off" in ' +
        'auton.toml to let agents run with all your rights.',
    );
  }
  const disableUserns = await canDisableUserns();
  const { limitsProcesses } = await probe({
    sandbox: (hide) => {
      const limits = { ...config, max_processes: PROBE_PROCESSES };
      return new Bubblewrap({
        limits,
        hide,
        disableUserns,
        cgroups: CgroupPool.open(limits),
        countProcesses: false,
      });
    },
    forbidsUserns: disableUserns,
  }).catch(async (error: unknown) => {
    if (!/namespace|uid map|permitted|permission/i.test(errorMessage(error))) throw error;
    throw new UserError(errorMessage(error), await namespaceRemedy(), { cause: error });
  });
  return new Bubblewrap({
    limits: config,
    hide: await Promise.all(options.hide.map((place) => realpath(place).catch(() => place))),
    disableUserns,
    cgroups: CgroupPool.open(config),
    countProcesses: !limitsProcesses,
  });
}

async function canDisableUserns(): Promise<boolean> {
  try {
    const { stdout } = await promisify(execFile)('bwrap', ['--help']);
    return stdout.includes('--disable-userns');
  } catch (cause) {
    if (!hasCode(cause, 'ENOENT')) throw cause;
    throw new UserError(
      'Agents run only in a sandbox, and bubblewrap (bwrap) is not installed.',
      'Install the package bubblewrap (apt install bubblewrap, dnf install bubblewrap, pacman -S bubblewrap).',
      { cause },
    );
  }
}
