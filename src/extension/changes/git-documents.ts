import {
  Disposable,
  EventEmitter,
  FilePermission,
  FileSystemError,
  FileType,
  Uri,
  workspace,
  type FileStat,
  type FileSystemProvider,
} from 'vscode';
import { errorMessage } from '../../protocol/errors.ts';
import type { Target } from '../common/target.ts';
import type { Ctx } from '../ctx.ts';
import { SCHEMES } from '../ids.ts';
import type { Repositories } from './repositories.ts';
import { explainGone } from './explain.ts';
import { GoneError } from './repository.ts';

/** What stands in the query of an `auton-git:` document: a file of a commit, or the text itself. */
export type GitDocument = (
  { repository: string; commit: string; text?: undefined } | { text: string; repository?: undefined }
) & {
  /** The task that the change belongs to, for the buttons of its editor. */
  target?: Target;
};

/** A file of a commit, to be opened or compared. `path` is relative to the top of the repository. */
export function gitDocument(repository: string, commit: string, path: string, target?: Target): Uri {
  return build(path, { repository, commit, ...(target ? { target } : {}) });
}

/** A document in the place of a file that a commit does not have, or whose content is no file's. */
export function textDocument(path: string, text: string, target?: Target): Uri {
  return build(path, { text, ...(target ? { target } : {}) });
}

/** What `gitDocument` or `textDocument` was given; undefined for other documents and for what was tampered with. */
export function parseGitDocument(uri: Uri): (GitDocument & { path: string }) | undefined {
  if (uri.scheme !== SCHEMES.git) return undefined;
  try {
    const document = JSON.parse(uri.query) as GitDocument;
    const path = uri.path.slice(1);
    if (typeof document.text === 'string') return { ...document, path };
    const { repository, commit } = document;
    if (typeof repository !== 'string' || !/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(commit)) return undefined;
    return { ...document, path };
  } catch {
    return undefined;
  }
}

/** Serves the documents, read-only. What cannot be read shows as a text that says why. */
export function gitDocuments(ctx: Ctx, repositories: Repositories): Disposable {
  const provider = new GitFileSystem(ctx, repositories);
  return Disposable.from(
    workspace.registerFileSystemProvider(SCHEMES.git, provider, {
      isCaseSensitive: true,
      isReadonly: true,
    }),
    provider,
  );
}

function build(path: string, document: GitDocument): Uri {
  // The path alone is what editors show.
  return Uri.from({ scheme: SCHEMES.git, path: `/${path}`, query: JSON.stringify(document) });
}

type Source = { text: Buffer } | { blob: string; repository: string };

class GitFileSystem implements FileSystemProvider, Disposable {
  readonly #ctx: Ctx;
  readonly #repositories: Repositories;
  readonly #changed = new EventEmitter<never[]>();
  /** A file of a commit never changes. */
  readonly onDidChangeFile = this.#changed.event;

  constructor(ctx: Ctx, repositories: Repositories) {
    this.#ctx = ctx;
    this.#repositories = repositories;
  }

  async stat(uri: Uri): Promise<FileStat> {
    const size = await this.#try(
      uri,
      (text) => text.length,
      async ({ repository, blob }) => (await this.#repositories.get(repository)).bytes(blob),
    );
    return { type: FileType.File, ctime: 0, mtime: 0, size, permissions: FilePermission.Readonly };
  }

  async readFile(uri: Uri): Promise<Uint8Array> {
    return this.#try<Uint8Array>(
      uri,
      (text) => text,
      async ({ repository, blob }) => {
        const content = await (await this.#repositories.get(repository)).read(blob);
        if (!content) throw new GoneError('file', uri.path);
        return content;
      },
    );
  }

  watch(): Disposable {
    return new Disposable(() => undefined);
  }

  readDirectory(uri: Uri): never {
    throw FileSystemError.FileNotADirectory(uri);
  }

  createDirectory(uri: Uri): never {
    throw FileSystemError.NoPermissions(uri);
  }

  writeFile(uri: Uri): never {
    throw FileSystemError.NoPermissions(uri);
  }

  delete(uri: Uri): never {
    throw FileSystemError.NoPermissions(uri);
  }

  rename(uri: Uri): never {
    throw FileSystemError.NoPermissions(uri);
  }

  dispose(): void {
    this.#changed.dispose();
  }

  async #try<T>(
    uri: Uri,
    ofText: (text: Buffer) => T,
    ofBlob: (blob: { blob: string; repository: string }) => Promise<T>,
  ): Promise<T> {
    const document = parseGitDocument(uri);
    if (!document) throw FileSystemError.FileNotFound(uri);
    try {
      const source = await this.#find(document);
      return 'text' in source ? ofText(source.text) : await ofBlob(source);
    } catch (error) {
      this.#ctx.log.warn(`${uri.path}: ${errorMessage(error)}`);
      return ofText(Buffer.from(`${explainGone(error)}\n`));
    }
  }

  async #find(document: GitDocument & { path: string }): Promise<Source> {
    if (document.text !== undefined) return { text: Buffer.from(document.text) };
    const { repository, commit, path } = document;
    const { kind, id } = await (await this.#repositories.get(repository)).file(commit, path);
    if (kind === 'submodule') return { text: Buffer.from(submoduleText(id)) };
    return { blob: id, repository };
  }
}

/** What git shows in the place of a submodule. */
export function submoduleText(commit: string): string {
  return `Subproject commit ${commit}\n`;
}
