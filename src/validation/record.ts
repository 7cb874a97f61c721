import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import type { Evidence, EvidenceFile } from '../protocol/evidence.ts';

/** What every validator is told about the run it works for. */
export interface ValidationContext {
  /** Logs and kernels go to `evidence/<id>/` below it. */
  runFolder: string;
  /** Sha of the git tree that is judged. */
  tree?: string | undefined;
  signal?: AbortSignal | undefined;
  /** Where programs are looked up; the process's own by default. */
  env?: Record<string, string | undefined> | undefined;
}

type Outcome = Omit<
  Evidence,
  'id' | 'kind' | 'startedAt' | 'durationMs' | 'tree' | 'findings' | 'tests' | 'files'
> &
  Partial<Pick<Evidence, 'findings' | 'tests' | 'files'>>;

/** One piece of evidence in the making: its folder, its clock. */
export class EvidenceRecord {
  readonly id: string;
  readonly folder: string;
  readonly #kind: Evidence['kind'];
  readonly #context: ValidationContext;
  readonly #startedAt = new Date();
  readonly #start = performance.now();

  constructor(kind: Evidence['kind'], context: ValidationContext) {
    this.#kind = kind;
    this.#context = context;
    this.id = `${kind}-${randomUUID().slice(0, 8)}`;
    this.folder = join(context.runFolder, 'evidence', this.id);
    mkdirSync(this.folder, { recursive: true });
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** Describes a file of this evidence by its content now. */
  file(role: EvidenceFile['role'], name: string): EvidenceFile {
    const content = readFileSync(this.path(name));
    return {
      role,
      path: relative(this.#context.runFolder, this.path(name)).split(sep).join('/'),
      sha256: createHash('sha256').update(content).digest('hex'),
      bytes: content.length,
    };
  }

  finish(outcome: Outcome): Evidence {
    return {
      ...{ findings: [], tests: [], files: [] },
      ...outcome,
      id: this.id,
      kind: this.#kind,
      ...(this.#context.tree === undefined ? {} : { tree: this.#context.tree }),
      startedAt: this.#startedAt.toISOString(),
      durationMs: Math.round(performance.now() - this.#start),
    };
  }
}

/** The kernel a build left as evidence; undefined when it did not make one. */
export function kernelOf(evidence: Evidence, runFolder: string): string | undefined {
  const file = evidence.files.find(({ role }) => role === 'kernel');
  return file && join(runFolder, file.path);
}

export function lastLines(lines: readonly string[], count: number): string {
  return lines.slice(-count).join('\n');
}
