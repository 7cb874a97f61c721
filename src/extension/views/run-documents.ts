import { open, realpath } from 'node:fs/promises';
import { isAbsolute, join, relative } from 'node:path';
import { basename } from 'node:path/posix';
import {
  Disposable,
  EventEmitter,
  l10n,
  Uri,
  window,
  workspace,
  type TextDocumentContentProvider,
} from 'vscode';
import { hasCode } from '../../protocol/errors.ts';
import { printable } from '../../protocol/printable.ts';
import type { Folders } from '../folders.ts';
import { SCHEMES } from '../ids.ts';
import type { RunRecord } from '../runs/run-record.ts';
import { transcriptText } from './transcript-text.ts';

/** More of a file is not shown: the editor would not show it well, either. */
const SHOWN_BYTES = 8 * 1024 * 1024;
/** How soon the transcript of a session at work shows what was said. */
const FOLLOW_MS = 1000;

interface RunDocument {
  /** Path of the workspace folder. */
  folder: string;
  run: string;
  /** Relative to the run's folder, with slashes. */
  path: string;
}

/** A file of a run as a read-only document. Its path is what the editor's tab shows. */
export function runDocument(document: RunDocument): Uri {
  return Uri.from({
    scheme: SCHEMES.run,
    path: `/${document.run}/${document.path.replace(/\.jsonl$/, '.md')}`,
    query: JSON.stringify(document),
  });
}

export async function showRunDocument(document: RunDocument): Promise<void> {
  await window.showTextDocument(runDocument(document), { preview: true });
}

/** Serves the files of runs that the trees know, those inside of the run's own folder only. */
export function runDocuments(folders: Folders): Disposable {
  const changed = new EventEmitter<Uri>();
  let timer: NodeJS.Timeout | undefined;
  const provider: TextDocumentContentProvider = {
    onDidChange: changed.event,
    provideTextDocumentContent: (uri) => content(folders, uri),
  };
  const follow = () => {
    timer = undefined;
    for (const { uri } of workspace.textDocuments) {
      const document = uri.scheme === SCHEMES.run ? parse(uri) : undefined;
      if (document && folders.get(document.folder)?.runs.get(document.run)?.live) changed.fire(uri);
    }
  };
  return Disposable.from(
    changed,
    workspace.registerTextDocumentContentProvider(SCHEMES.run, provider),
    folders.onDidChange((change) => {
      if (change.kind === 'run' && change.delta.agents.size > 0) timer ??= setTimeout(follow, FOLLOW_MS);
    }),
    new Disposable(() => clearTimeout(timer)),
  );
}

function parse(uri: Uri): RunDocument | undefined {
  try {
    const { folder, run, path } = JSON.parse(uri.query) as Partial<RunDocument>;
    if (typeof folder !== 'string' || typeof run !== 'string' || typeof path !== 'string') return undefined;
    return { folder, run, path };
  } catch {
    return undefined;
  }
}

async function content(folders: Folders, uri: Uri): Promise<string> {
  const document = parse(uri);
  const record = document && folders.get(document.folder)?.runs.get(document.run);
  if (!record) return l10n.t('This run is not there any more.');
  const text = await read(record, document.path);
  if (text === null) return l10n.t('The run does not have this file any more: {0}', document.path);
  return document.path.endsWith('.jsonl')
    ? transcriptText(basename(document.path, '.jsonl'), text)
    : printable(text);
}

async function read(record: RunRecord, path: string): Promise<string | null> {
  try {
    const top = await realpath(record.folder);
    const file = await realpath(join(top, path));
    const inside = relative(top, file);
    if (inside.startsWith('..') || isAbsolute(inside)) return null;
    const handle = await open(file, 'r');
    try {
      const { size } = await handle.stat();
      const buffer = Buffer.alloc(Math.min(size, SHOWN_BYTES));
      await handle.read(buffer, 0, buffer.length, size - buffer.length);
      const cut =
        size > SHOWN_BYTES ? `${l10n.t('The beginning is left out; the whole file is {0}', file)}\n` : '';
      return cut + buffer.toString('utf8');
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR')) return null;
    throw error;
  }
}
