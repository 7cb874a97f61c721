import {
  CompletionItem,
  CompletionItemKind,
  Disposable,
  Hover,
  l10n,
  languages,
  MarkdownString,
  Range,
  SnippetString,
  workspace,
  type Position,
  type TextDocument,
} from 'vscode';
import type { KeyHelp } from '../../config/help.ts';
import type { Ctx } from '../ctx.ts';
import { modelCatalogue } from '../models/catalogue.ts';
import { editorModels } from '../models/editor-models.ts';
import { CONFIG_DOCUMENT } from './document.ts';
import { ConfigKeys } from './key-help.ts';
import { isModelKey, keysOf, suggestionsAt, type Suggestion } from './suggestions.ts';
import { tomlCursor } from './toml-cursor.ts';

/** Completion and hover in `auton.toml`. */
export function configLanguage(ctx: Ctx): Disposable {
  const keys = new ConfigKeys(ctx);
  return Disposable.from(
    languages.registerCompletionItemProvider(
      CONFIG_DOCUMENT,
      {
        provideCompletionItems: async (document, { line, character }) => {
          const lines = linesOf(document);
          const { at, key } = tomlCursor(lines, line, character);
          const models =
            at === 'value' && key !== null && isModelKey(key) ? await modelNames(ctx, document) : [];
          const suggestions = suggestionsAt(lines, line, character, await keys.all(), models);
          return suggestions.map((suggestion, index) => toItem(suggestion, line, index));
        },
      },
      '[',
      '.',
      '=',
      '"',
      ' ',
    ),
    languages.registerHoverProvider(CONFIG_DOCUMENT, {
      provideHover: async (document, position) => hoverAt(document, position, await keys.all()),
    }),
  );
}

function linesOf(document: TextDocument): string[] {
  return document.getText().split(/\r?\n/);
}

/** The command line would read the folder's own configuration for it, so that only trusted ones get names. */
async function modelNames(ctx: Ctx, document: TextDocument): Promise<string[]> {
  const own = (await editorModels()).map(({ name }) => name);
  if (!workspace.isTrusted) return own;
  const folder = workspace.getWorkspaceFolder(document.uri);
  const { providers, playbooks } = await modelCatalogue(ctx, folder && ctx.folders.get(folder.uri.fsPath));
  return [
    ...own,
    ...providers.flatMap(({ models }) => models.map(({ name }) => name)),
    ...playbooks.map(({ name }) => `playbook/${name}`),
  ];
}

const KINDS = {
  section: CompletionItemKind.Module,
  key: CompletionItemKind.Property,
  value: CompletionItemKind.Value,
};

function toItem(suggestion: Suggestion, line: number, index: number): CompletionItem {
  const { kind, label, insert, snippet, start, end, help } = suggestion;
  const item = new CompletionItem(label, KINDS[kind]);
  item.insertText = snippet ? new SnippetString(insert) : insert;
  item.range = new Range(line, start, line, end);
  item.sortText = String(index).padStart(3, '0'); // in the order of the schema
  if (help && kind === 'key') item.detail = typeText(help);
  if (help) item.documentation = explanation(help);
  return item;
}

function hoverAt(
  document: TextDocument,
  { line, character }: Position,
  keys: readonly KeyHelp[],
): Hover | null {
  const { section, at, key, start, end } = tomlCursor(linesOf(document), line, character);
  const range = new Range(line, start, line, end);
  if (at === 'header') {
    const own = keysOf(section, keys);
    return own.length === 0 ? null : new Hover(sectionText(section, own), range);
  }
  const help = at === 'comment' ? undefined : keys.find(({ name }) => name === key);
  return help ? new Hover(explanation(help), range) : null;
}

function explanation(help: KeyHelp): MarkdownString {
  const { name, description, default: usual, example } = help;
  const text = new MarkdownString(`**${name}** · ${typeText(help)}\n\n`);
  text.appendMarkdown(`${description.replace(/[<>*_\\]/g, '\\$&')}\n\n`);
  text.appendMarkdown(
    usual === undefined
      ? l10n.t('Not set by default, such as `{0}`', example ?? '')
      : l10n.t('Default: `{0}`', usual),
  );
  return text;
}

function sectionText(section: string, keys: readonly KeyHelp[]): MarkdownString {
  const rows = keys.map(
    ({ name, default: usual }) =>
      `- \`${name.slice(section.length + 1)}\`${usual === undefined ? '' : ` = \`${usual}\``}`,
  );
  return new MarkdownString(`**[${section}]**\n\n${rows.join('\n')}`);
}

function typeText({ type, choices }: KeyHelp): string {
  return choices?.map((choice) => `"${choice}"`).join(' | ') ?? type;
}
