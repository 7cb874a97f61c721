import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PROFILES, type ArchitectureProfile } from '../kernel/architectures.ts';
import { CallChain } from '../kernel/call-chain.ts';
import { makeIso } from '../kernel/image.ts';
import { bootInteractive } from '../kernel/interactive.ts';
import type { QemuExit, QemuOptions } from '../kernel/qemu.ts';
import { EXIT, UserError } from '../protocol/errors.ts';
import type { Cli } from './cli.ts';
import { bootOptions, type KernelSetting } from './kernel-source.ts';
import { nameFrom } from './live/places.ts';

/** How a person wants the machine to be. */
export interface BootChoice {
  iso?: boolean;
  append?: string;
  memory?: number;
  gdb?: number;
  halt?: boolean;
  control?: string;
}

/** Boots a kernel with its serial port on this terminal until the machine ends or the person leaves it. */
export async function bootOnTerminal(
  cli: Cli,
  options: { setting: KernelSetting; image: string; choice: BootChoice; signal: AbortSignal },
): Promise<number> {
  const { setting, image, choice, signal } = options;
  const profile = PROFILES[setting.architecture];
  if (choice.iso && !profile.boots.includes('iso')) {
    throw new UserError(`There is no CD boot for ${setting.architecture}.`, 'Leave --iso out.', {
      exitCode: EXIT.usage,
    });
  }
  const folder = mkdtempSync(join(tmpdir(), 'auton-boot-'));
  try {
    const machine = { ...(await bootOptions(cli, setting, image)), ...machineOf(choice), signal };
    if (choice.iso) {
      const iso = join(folder, 'kernel.iso');
      await makeIso({ kernel: image, iso, cmdline: choice.append ?? '', env: cli.env, signal });
      Object.assign(machine, { image: iso, boot: 'iso' });
    }
    const dim = (text: string) => cli.stderr.write(`${cli.style.dim(text)}\n`);
    dim(`${nameFrom(cli.cwd, image)} in QEMU; Ctrl-] leaves it.`);
    if (choice.gdb !== undefined)
      dim(`${choice.halt ? 'It waits for' : 'It can be stopped by'} ${gdbCommand(cli, image, choice.gdb)}`);
    const chain = new CallChain({
      ...{ kernel: image, ld: profile.ld, env: cli.env },
      name: (file) => nameFrom(cli.cwd, file),
    });
    const terminal = { input: cli.stdin, output: cli.stdout as NodeJS.WriteStream };
    let printed = false;
    const exit = await bootInteractive(machine, terminal, (text) => {
      printed = true;
      return chain.add(text);
    });
    if (cli.stdout.isTTY) cli.print(''); // what follows does not belong behind the kernel's prompt
    refusePort(exit, choice);
    if (!printed) refuseImage(exit, nameFrom(cli.cwd, image));
    if (exit.stderr !== '') cli.stderr.write(`${exit.stderr}\n`);
    dim(endOf(exit, profile));
    const { passed } = profile.exit;
    return exit.end === 'stopped' || exit.code === 0 || exit.code === passed ? EXIT.done : EXIT.failed;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What to type to look into the machine. */
function gdbCommand(cli: Cli, image: string, port: number): string {
  return `gdb ${nameFrom(cli.cwd, image)} -ex 'target remote localhost:${port}'`;
}

function machineOf({ append, memory, gdb, halt, control }: BootChoice): Partial<QemuOptions> {
  return {
    ...(append === undefined ? {} : { cmdline: append }),
    ...(memory === undefined ? {} : { memoryMb: memory }),
    ...(gdb === undefined ? {} : { gdbPort: gdb }),
    ...(halt === undefined ? {} : { halted: halt }),
    ...(control === undefined ? {} : { controlSocket: control }),
  };
}

function refusePort({ end, code, stderr }: QemuExit, { gdb }: BootChoice): void {
  if (end !== 'exited' || code !== 1 || gdb === undefined || !/address already in use/i.test(stderr)) return;
  throw new UserError(`Port ${gdb} is in use.`, 'Name another one with --gdb.');
}

/** QEMU fails with the very status with which a kernel leaves when all is well; one that ran has printed something. */
function refuseImage({ end, code, stderr }: QemuExit, image: string): void {
  if (end !== 'exited' || code !== 1 || stderr === '') return;
  throw new UserError(
    `QEMU could not boot ${image}: ${stderr}`,
    'Build the kernel anew with `auton kernel build`, or name another one with --image.',
  );
}

/** How the machine came to its end. */
function endOf({ end, code }: QemuExit, { exit }: ArchitectureProfile): string {
  if (end !== 'exited') return 'The machine was stopped.';
  if (code === null) return 'QEMU was killed.';
  if (code === 0) return 'The machine switched itself off or was reset.';
  if (code === exit.passed) return 'The kernel left the machine: all went well.';
  if (code === exit.failed) return 'The kernel left the machine: a self-test failed.';
  return `QEMU ended with ${code}.`;
}
