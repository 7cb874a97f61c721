import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { l10n, ThemeIcon, Uri, window, workspace, type Terminal } from 'vscode';
import { isAccepted, newestFirst } from '../../slm/exported.ts';
import { findRuntime, RUNTIME } from '../../slm/onnx/runtime.ts';
import type { CommandsOf } from '../command.ts';
import { nodeProgram } from '../common/node.ts';
import { Cancelled, pick } from '../common/pick.ts';
import type { Ctx } from '../ctx.ts';

export const askCommands: CommandsOf<'askSlm'> = { askSlm };

const SHIPPED = join('dist', 'slm', 'mini_3M-Q8_0.onnx');
const MOST_MODELS = 50;
/** The conversations that are open, by their model. */
const terminals = new Map<string, Terminal>();

/** Puts the user before a model: a program of its own in a terminal, which is to get ONNX Runtime when it is missing. */
async function askSlm(ctx: Ctx, argument?: unknown): Promise<void> {
  const { extensionPath, globalStorageUri } = ctx.extension;
  const question = typeof argument === 'string' ? argument.trim() : '';
  const model = await askModel(extensionPath);
  const open = terminals.get(model);
  if (open && open.exitStatus === undefined) {
    open.show();
    if (question !== '') open.sendText(question);
    return;
  }
  // What an untrusted folder brings along is not loaded.
  const folders = workspace.isTrusted ? ctx.folders.all.map(({ path }) => path) : [];
  const own = join(globalStorageUri.fsPath, 'onnxruntime');
  const runtimes = [...folders, own];
  if (findRuntime(runtimes) === null) await consentToFetch();
  const { node, env } = nodeProgram(ctx.extension);
  const terminal = window.createTerminal({
    name: l10n.t('SLM {0}', basename(model, '.onnx')),
    iconPath: new ThemeIcon('comment-discussion'),
    isTransient: true,
    shellPath: node,
    shellArgs: [
      join(extensionPath, 'dist', 'ask-slm.mjs'),
      ...['--model', model, '--grammar', join(extensionPath, 'SLM', 'GRAMMAR.md')],
      ...runtimes.flatMap((folder) => ['--runtime', folder]),
      ...['--fetch', own],
      ...(question === '' ? [] : ['--ask', question]),
    ],
    env: env['ELECTRON_RUN_AS_NODE'] === undefined ? {} : { ELECTRON_RUN_AS_NODE: '1' },
  });
  terminals.set(model, terminal);
  terminal.show();
}

/** The path of the one that is meant: first what a run accepted, then the shipped one, then other exports of this workspace. */
async function askModel(extensionPath: string): Promise<string> {
  const shipped = join(extensionPath, SHIPPED);
  const exported = workspace.isTrusted ? await exportedModels() : [];
  const folderOf = (file: string) => workspace.asRelativePath(Uri.file(dirname(file)));
  const [accepted, others] = [exported.filter(isAccepted), exported.filter((file) => !isAccepted(file))];
  return pick(
    [
      ...newestFirst(accepted).map((value) => ({
        label: basename(value, '.onnx'),
        iconPath: new ThemeIcon('verified'),
        description: l10n.t('{0}, accepted by a run', folderOf(value)),
        value,
      })),
      {
        label: basename(shipped, '.onnx'),
        iconPath: new ThemeIcon('package'),
        description: l10n.t('the one that ships with AUTON'),
        value: shipped,
      },
      ...others.map((value) => ({
        label: basename(value, '.onnx'),
        iconPath: new ThemeIcon('circuit-board'),
        description: folderOf(value),
        value,
      })),
    ],
    l10n.t('Which model?'),
  );
}

/** Those that have their manifest beside them; not what agents are at work on. */
async function exportedModels(): Promise<string[]> {
  const found = await workspace.findFiles('**/*.onnx', '**/{node_modules,.auton}/**', MOST_MODELS);
  return found
    .filter(({ scheme, fsPath }) => scheme === 'file' && existsSync(`${fsPath}.json`))
    .map(({ fsPath }) => fsPath)
    .sort();
}

async function consentToFetch(): Promise<void> {
  const fetch = l10n.t('Get ONNX Runtime');
  const chosen = await window.showInformationMessage(
    l10n.t('A language model needs ONNX Runtime to run in the editor, and it is not here yet.'),
    {
      modal: true,
      detail: l10n.t(
        'npm fetches it ({0} MB; {1} MB remain) into the storage of this extension. Your folder stays as it is.',
        RUNTIME.downloadMb,
        RUNTIME.diskMb,
      ),
    },
    fetch,
  );
  if (chosen !== fetch) throw new Cancelled();
}
