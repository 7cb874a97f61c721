import type { PlaybookFile } from './format.ts';
import type { Playbook } from './load.ts';

/**
 * A playbook's own file with what it does not say taken from the one that it extends. Goals are its own: what the
 * other one covers is only a part of what this one does. Their words may occur in them, though.
 */
export function extended(base: Playbook, own: PlaybookFile): PlaybookFile {
  const architectures = Object.keys({ ...base.terms, ...own.terms }) as (keyof PlaybookFile['terms'])[];
  return {
    ...own,
    arch: own.arch ?? base.arch,
    mode: own.mode ?? base.mode,
    start: own.start ?? base.start,
    spec: own.spec ?? base.spec,
    keywords: [...own.keywords, ...base.keywords, ...base.goals],
    terms: Object.fromEntries(
      architectures.map((arch) => [arch, { ...base.terms[arch], ...own.terms[arch] }]),
    ),
    files: { ...base.files, ...own.files },
  };
}
