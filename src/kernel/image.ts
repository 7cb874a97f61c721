import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { UserError, errorMessage } from '../protocol/errors.ts';
import { requireProgram } from './toolchain.ts';

export interface IsoOptions {
  /** A Multiboot2 kernel. */
  kernel: string;
  /** The image to write. */
  iso: string;
  cmdline: string;
  env?: Record<string, string | undefined>;
  signal?: AbortSignal;
  timeoutMs?: number;
}

/** Only what GRUB needs to load one kernel from a CD: a tenth of the default size. */
const GRUB_MODULES = ['iso9660', 'biosdisk', 'multiboot2', 'normal', 'part_msdos'];

/** Makes a bootable CD image whose GRUB starts the kernel at once with this command line. */
export async function makeIso(options: IsoOptions): Promise<void> {
  const env = options.env ?? process.env;
  const mkrescue = requireProgram('grub-mkrescue', env);
  requireProgram('xorriso', env);
  requireProgram('mformat', env);
  const folder = mkdtempSync(join(tmpdir(), 'auton-iso-'));
  try {
    const grub = join(folder, 'tree/boot/grub');
    mkdirSync(grub, { recursive: true });
    copyFileSync(options.kernel, join(folder, 'tree/boot/kernel.elf'));
    writeFileSync(join(grub, 'grub.cfg'), grubConfig(options.cmdline));
    const only = [`--install-modules=${GRUB_MODULES.join(' ')}`, '--locales=', '--fonts=', '--themes='];
    await promisify(execFile)(mkrescue, [...only, '-o', options.iso, join(folder, 'tree')], {
      timeout: options.timeoutMs ?? 60_000,
      ...(options.signal ? { signal: options.signal } : {}),
      env: { ...env, TMPDIR: folder },
    });
  } catch (error) {
    options.signal?.throwIfAborted();
    const stderr = (error as { stderr?: string }).stderr?.trim().split('\n').slice(-3).join(' ');
    throw new UserError(
      `The boot image could not be made: ${stderr || errorMessage(error)}`,
      'Run `auton doctor` to see whether the GRUB tools, xorriso and mtools are complete.',
      { cause: error },
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function grubConfig(cmdline: string): string {
  const quoted = cmdline
    .split(/\s+/)
    .filter(Boolean)
    .map((word) => `'${word.replaceAll("'", '')}'`)
    .join(' ');
  return `multiboot2 /boot/kernel.elf ${quoted}\nboot\n`;
}
