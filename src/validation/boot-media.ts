import { makeIso } from '../kernel/image.ts';
import type { BootGroup } from './boot-groups.ts';
import type { EvidenceRecord, ValidationContext } from './record.ts';

/**
 * What each boot starts from: the kernel itself, or boot media, which are all made while the first machine runs.
 */
export class BootMedia {
  readonly #images = new Map<BootGroup, Promise<string>>();
  readonly #stop = new AbortController();

  constructor(
    groups: readonly BootGroup[],
    record: EvidenceRecord,
    { kernel, timeoutMs, env, signal }: ValidationContext & { kernel: string; timeoutMs: number },
  ) {
    const signals = [this.#stop.signal, ...(signal ? [signal] : [])];
    for (const [index, group] of groups.entries()) {
      if (group.boot === 'kernel') {
        this.#images.set(group, Promise.resolve(kernel));
        continue;
      }
      const iso = record.path(`boot-${index + 1}.iso`);
      const made = makeIso({
        ...{ kernel, iso, cmdline: group.cmdline, timeoutMs: Math.min(group.timeoutMs, timeoutMs) },
        ...{ signal: AbortSignal.any(signals), ...(env ? { env } : {}) },
      }).then(() => iso);
      made.catch(() => {}); // Whoever asks for the image is told.
      this.#images.set(group, made);
    }
  }

  /** The image a boot starts from; rejects with a UserError when it could not be made. */
  image(group: BootGroup): Promise<string> {
    const image = this.#images.get(group);
    if (!image) throw new Error('there is no medium for this boot');
    return image;
  }

  /** Ends what is still being made. */
  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.allSettled(this.#images.values());
  }
}
