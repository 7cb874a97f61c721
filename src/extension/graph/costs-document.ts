import {
  commands,
  Disposable,
  EventEmitter,
  l10n,
  Uri,
  workspace,
  type TextDocumentContentProvider,
} from 'vscode';
import type { Ctx } from '../ctx.ts';
import type { AutonFolder } from '../folder.ts';
import { SCHEMES } from '../ids.ts';
import type { RunRecord } from '../runs/run-record.ts';
import { costsMarkdown } from './costs.ts';

/** A preview that is rendered anew moves under the reader's eyes: not more often than this. */
const REFRESH_MS = 1000;

/** Read-only documents with the costs of a run, which follow the run. */
export function costsDocuments(ctx: Ctx): Disposable {
  const changed = new EventEmitter<Uri>();
  const due = new Map<string, NodeJS.Timeout>();
  const provider: TextDocumentContentProvider = {
    onDidChange: changed.event,
    async provideTextDocumentContent(uri) {
      const { folder: path, run } = Object.fromEntries(new URLSearchParams(uri.query));
      const folder = ctx.folders.get(path ?? '');
      await folder?.runs.refresh();
      const record = folder?.runs.get(run ?? '');
      if (!folder || !record) return l10n.t('This run is in none of the folders that are open.');
      await folder.runs.load(record);
      return costsMarkdown(record.state);
    },
  };
  return Disposable.from(
    changed,
    workspace.registerTextDocumentContentProvider(SCHEMES.costs, provider),
    ctx.folders.onDidChange((change) => {
      if (change.kind !== 'run') return;
      const uri = costsUri(change.folder, change.record);
      const key = uri.toString();
      if (due.has(key) || !workspace.textDocuments.some((document) => document.uri.toString() === key))
        return;
      due.set(
        key,
        setTimeout(() => {
          due.delete(key);
          changed.fire(uri);
        }, REFRESH_MS),
      );
    }),
    new Disposable(() => due.forEach((timer) => clearTimeout(timer))),
  );
}

export async function showCosts(folder: AutonFolder, record: RunRecord): Promise<void> {
  await commands.executeCommand('markdown.showPreview', costsUri(folder, record));
}

function costsUri({ path }: AutonFolder, { id }: RunRecord): Uri {
  const query = new URLSearchParams({ folder: path, run: id }).toString();
  return Uri.from({ scheme: SCHEMES.costs, path: `/${id}/${l10n.t('Costs')}.md`, query });
}
