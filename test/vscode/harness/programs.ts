/** A PATH of a machine on which some programs are not installed. */
import { mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

/** Links to every program of this machine; those that are hidden are missing until they are shown again. */
export class Programs {
  readonly folder = mkdtempSync(join(tmpdir(), 'auton-programs-'));
  readonly #targets = new Map<string, string>();

  constructor() {
    for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
      if (folder.includes('node_modules')) continue;
      for (const name of namesIn(folder)) {
        if (!this.#targets.has(name)) this.#targets.set(name, join(folder, name));
      }
    }
    for (const [name, target] of this.#targets) symlinkSync(target, join(this.folder, name));
    process.once('exit', () => this.remove());
  }

  hide(names: RegExp): void {
    for (const name of this.#targets.keys())
      if (names.test(name)) rmSync(join(this.folder, name), { force: true });
  }

  showAll(): void {
    for (const [name, target] of this.#targets) {
      rmSync(join(this.folder, name), { force: true });
      symlinkSync(target, join(this.folder, name));
    }
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
