import { cpSync, existsSync } from 'node:fs';
import { join } from 'node:path';

/** Copies the reference kernel without its subsystems. What is left boots and can die, and builds in seconds. */
export function copyBootKernel(reference: string, to: string): void {
  const isSubsystem = (path: string) => existsSync(join(path, 'subsystem.mk'));
  cpSync(reference, to, {
    recursive: true,
    filter: (path) => !isSubsystem(path) && !path.endsWith('/build'),
  });
}
