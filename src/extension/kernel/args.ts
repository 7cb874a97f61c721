import { setting } from '../common/settings.ts';
import type { AutonFolder } from '../folder.ts';

/** What a task of tasks.json may say; the manifest describes it. */
export interface KernelTask {
  arch?: string;
  source?: string;
  iso?: boolean;
  composition?: boolean;
}

export function buildArgs({ arch, source }: KernelTask): string[] {
  return ['kernel', 'build', '--log', ...option('--arch', arch), ...option('--source', source)];
}

export function validateArgs({ arch, source, composition }: KernelTask): string[] {
  return [
    ...['validate', '--log', ...option('--arch', arch)],
    ...(composition ? ['--composition'] : []),
    ...(source === undefined ? [] : ['--', source]),
  ];
}

/** The machine as the task and the settings want it; `cmdline` is the kernel's, that of the settings by default. */
export function machineArgs(
  folder: AutonFolder,
  { arch, source, iso }: KernelTask = {},
  cmdline = setting('kernel.commandLine', folder.folder.uri).trim(),
): string[] {
  const memoryMb = setting('kernel.memoryMb', folder.folder.uri);
  return [
    ...option('--arch', arch),
    ...option('--source', source),
    // A source that is named is what is meant, not the kernel of a run.
    ...(source === undefined ? [] : ['--build']),
    ...(iso ? ['--iso'] : []),
    ...(memoryMb > 0 ? ['--memory', String(memoryMb)] : []),
    ...option('--append', cmdline === '' ? undefined : cmdline),
  ];
}

function option(name: string, value: string | undefined): string[] {
  return value === undefined ? [] : [name, value];
}
