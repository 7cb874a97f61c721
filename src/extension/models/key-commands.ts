import {
  commands,
  env,
  InputBoxValidationSeverity,
  l10n,
  ThemeIcon,
  Uri,
  window,
  type QuickPickItem,
} from 'vscode';
import type { KeyName } from '../../protocol/keys.ts';
import type { OfferedKey, OfferedProvider } from '../../models/catalogue.ts';
import type { CommandsOf } from '../command.ts';
import { Cancelled, pick } from '../common/pick.ts';
import { targetOf } from '../common/target.ts';
import type { Ctx } from '../ctx.ts';
import type { AutonFolder } from '../folder.ts';
import { COMMANDS } from '../ids.ts';
import { modelCatalogue } from './catalogue.ts';
import { judgeKey, providerIn, type KeyJudgement } from './key-shape.ts';
import { deleteKey, storedKeys, storeKey } from './keys.ts';

export const keyCommands: CommandsOf<'setApiKey' | 'removeApiKey'> = { setApiKey, removeApiKey };

type KeyedProvider = OfferedProvider & { name: KeyName; key: OfferedKey };

/** The argument may name a provider, or a run whose key was refused. Returns the provider whose key was set. */
async function setApiKey(ctx: Ctx, argument: unknown): Promise<KeyName> {
  const target = targetOf(argument);
  const folder = target ? ctx.folders.get(target.folder) : ctx.folders.current;
  const providers = (await modelCatalogue(ctx, folder)).providers.filter(
    (provider): provider is KeyedProvider => provider.key !== null,
  );
  const named = providerIn(
    [
      typeof argument === 'string' ? argument : (argument as { provider?: unknown } | undefined)?.provider,
      target?.run === undefined ? undefined : folder?.runs.get(target.run)?.state.statusMessage,
    ],
    providers.map(({ name }) => name),
  );
  const provider =
    providers.find(({ name }) => name === named) ??
    (await pick(providers.map(itemOf), l10n.t('Whose key?'), { always: true }));
  const key = await askKey(provider, providers);
  await storeKey(ctx.extension.secrets, provider.name, key);
  ctx.log.info(`a key for ${provider.name} was stored`);
  void tellStored(provider, folder);
  return provider.name;
}

async function removeApiKey(ctx: Ctx, argument: unknown): Promise<void> {
  const stored = Object.keys(await storedKeys(ctx.extension.secrets)) as KeyName[];
  if (stored.length === 0) {
    void window.showInformationMessage(
      l10n.t('The editor keeps no key. Those of the environment and of auton.toml are removed there.'),
    );
    return;
  }
  const { providers } = await modelCatalogue(ctx, ctx.folders.current);
  const items = stored.map((value) => ({
    label: providers.find(({ name }) => name === value)?.title ?? value,
    iconPath: new ThemeIcon('key'),
    value,
  }));
  const named = stored.find((name) => name === argument);
  const name = named ?? (await pick(items, l10n.t('Whose key is removed?'), { always: true }));
  await deleteKey(ctx.extension.secrets, name);
  ctx.log.info(`the key for ${name} was removed`);
  window.setStatusBarMessage(
    l10n.t('$(key) The key for {0} is removed.', items.find(({ value }) => value === name)?.label ?? name),
    5000,
  );
}

function itemOf(provider: KeyedProvider): QuickPickItem & { value: KeyedProvider } {
  const { title, key } = provider;
  return {
    label: title,
    description: originText(key),
    iconPath: new ThemeIcon(key.origin === null ? 'circle-outline' : 'key'),
    value: provider,
  };
}

function originText({ origin, variables }: OfferedKey): string {
  if (origin === null) return l10n.t('no key');
  if (origin === 'kept') return l10n.t('kept by the editor');
  return variables.includes(origin)
    ? l10n.t('from the environment: {0}', origin)
    : l10n.t('from {0}', origin);
}

/** A password field with a way to the page where keys are made. What is typed is shown to nobody and logged nowhere. */
async function askKey(provider: KeyedProvider, all: readonly KeyedProvider[]): Promise<string> {
  const { title, key } = provider;
  const box = window.createInputBox();
  box.title = l10n.t('Key for {0}', title);
  box.password = true;
  box.ignoreFocusOut = true;
  box.placeholder = key.prefix === null ? '' : `${key.prefix}...`;
  box.prompt =
    key.origin === null || key.origin === 'kept'
      ? l10n.t('The editor keeps it in its secret storage and hands it to the engine only.')
      : l10n.t('The key from {0} is used as long as it is there.', key.origin);
  const page = { iconPath: new ThemeIcon('link-external'), tooltip: l10n.t('Where to get a key') };
  box.buttons = key.page === null ? [] : [page];
  const judge = () => {
    const judgement = judgeKey(box.value, provider.name, all.map(prefixOf));
    box.validationMessage = judgement === null ? undefined : sentence(judgement, all);
    return judgement;
  };
  try {
    return await new Promise<string>((resolve, reject) => {
      box.onDidChangeValue(judge);
      box.onDidTriggerButton(() => void env.openExternal(Uri.parse(key.page!)));
      box.onDidAccept(() => {
        if (judge()?.kind !== 'impossible') resolve(box.value.trim());
      });
      box.onDidHide(() => reject(new Cancelled()));
      box.show();
    });
  } finally {
    box.dispose();
  }
}

/** After a key is there: on with the run that waited for it. */
async function tellStored({ title }: KeyedProvider, folder: AutonFolder | undefined): Promise<void> {
  const record = folder?.runs.live ?? folder?.runs.newest;
  if (!folder || record?.phase !== 'paused' || record.state.pauseReason !== 'model') {
    window.setStatusBarMessage(l10n.t('$(key) The key for {0} is stored.', title), 5000);
    return;
  }
  const resume = l10n.t('Resume');
  const text = l10n.t('The key for {0} is stored. The run that waits for it can go on.', title);
  if ((await window.showInformationMessage(text, resume)) === resume)
    await commands.executeCommand(COMMANDS.resume, { folder: folder.path, run: record.id });
}

const warning = (message: string) => ({ message, severity: InputBoxValidationSeverity.Warning });

const prefixOf = ({ name, key }: KeyedProvider) => ({ name, prefix: key.prefix });

function sentence(judgement: KeyJudgement, all: readonly KeyedProvider[]) {
  const title = (name: string) => all.find((provider) => provider.name === name)?.title ?? name;
  switch (judgement.kind) {
    case 'impossible':
      return l10n.t('A key is one word without spaces.');
    case 'foreign':
      return warning(
        l10n.t('This looks like a key for {0}. Enter stores it all the same.', title(judgement.of)),
      );
    case 'unusual':
      return warning(
        l10n.t(
          'Keys for {0} begin with {1}. Enter stores it all the same.',
          title(judgement.of),
          judgement.prefix,
        ),
      );
  }
}
