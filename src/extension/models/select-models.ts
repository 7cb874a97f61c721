import { commands, l10n, QuickPickItemKind, ThemeIcon, window, type QuickPickItem } from 'vscode';
import type { ChosenModel, ModelCatalogue, OfferedProvider } from '../../models/catalogue.ts';
import type { KeyName } from '../../protocol/keys.ts';
import { EditorModelError } from '../../protocol/editor-models.ts';
import { errorMessage, UserError } from '../../protocol/errors.ts';
import type { CommandsOf } from '../command.ts';
import { runAuton } from '../common/cli.ts';
import { nodeProgram } from '../common/node.ts';
import { Cancelled, folderFor, input } from '../common/pick.ts';
import { requireTrust } from '../common/trust.ts';
import type { Ctx } from '../ctx.ts';
import type { AutonFolder } from '../folder.ts';
import { COMMANDS } from '../ids.ts';
import { modelCatalogue } from './catalogue.ts';
import { askConsent } from './complete.ts';
import { editorModels, type EditorModel } from './editor-models.ts';
import { modelNameProblem, priceText, shortOrigin } from './model-text.ts';

export const modelCommands: CommandsOf<'selectModels'> = { selectModels };

/** A key of auton.toml that names a model, and what it is for. */
interface Slot {
  key: string;
  title: string;
  current: ChosenModel | null;
}

/** What was picked for a slot. */
type Choice =
  | { kind: 'model'; name: string; editor?: EditorModel }
  | { kind: 'key'; provider: KeyName }
  | { kind: 'type' }
  | { kind: 'unset' };

type SlotItem = QuickPickItem & { slot?: Slot };
type ChoiceItem = QuickPickItem & { choice?: Choice };

/** Changes `auton.toml` through the command line, one model at a time, until the user is done. */
async function selectModels(ctx: Ctx, argument: unknown): Promise<void> {
  requireTrust();
  const folder = await folderFor(ctx, argument);
  for (let changed = false; ; changed = true) {
    const catalogue = modelCatalogue(ctx, folder);
    const slot = await pickSlot(catalogue, changed);
    const choice = await pickChoice(ctx, folder, slot);
    const chosen = choice.kind === 'unset' ? ['unset', slot.key] : ['set', slot.key, choice.name];
    await runAuton(nodeProgram(ctx.extension), folder.path, ['config', ...chosen]);
    ctx.log.info(`auton config ${chosen.join(' ')}`);
  }
}

async function pickSlot(catalogue: Promise<ModelCatalogue>, changed: boolean): Promise<Slot> {
  const chosen = await window.showQuickPick<SlotItem>(catalogue.then(slotItems), {
    title: l10n.t('AUTON: Select Models'),
    placeHolder: changed
      ? l10n.t('Saved. Another one? Escape ends.')
      : l10n.t('For whom? A role without a model of its own takes the one of all roles.'),
    matchOnDescription: true,
  });
  if (!chosen?.slot) throw new Cancelled();
  return chosen.slot;
}

function slotItems({ model, roles }: ModelCatalogue): SlotItem[] {
  const everyRole: Slot = { key: 'llm.model', title: l10n.t('All roles'), current: model };
  return [
    {
      label: everyRole.title,
      iconPath: new ThemeIcon('organization'),
      description: model.name,
      detail: problemText(model) ?? (model.origin === null ? l10n.t('chosen by AUTON') : ''),
      slot: everyRole,
    },
    { label: l10n.t('roles'), kind: QuickPickItemKind.Separator },
    ...roles.map(({ role, model: own }) => ({
      label: role,
      iconPath: new ThemeIcon('person'),
      description: own?.name ?? l10n.t('as all roles'),
      ...(own && problemText(own) ? { detail: problemText(own)! } : {}),
      slot: { key: `agents.models.${role}`, title: role, current: own },
    })),
  ];
}

function problemText({ missingKey }: ChosenModel): string | null {
  return missingKey === null ? null : l10n.t('$(warning) the key for {0} is missing', missingKey);
}

/** Asks until there is a model: a key may have to be entered on the way, or a name typed. */
async function pickChoice(
  ctx: Ctx,
  folder: AutonFolder,
  slot: Slot,
): Promise<{ kind: 'model'; name: string } | { kind: 'unset' }> {
  for (;;) {
    const items = Promise.all([modelCatalogue(ctx, folder), editorModels()]).then(([catalogue, own]) =>
      choiceItems(catalogue, own, slot),
    );
    const picked = await window.showQuickPick<ChoiceItem>(items, {
      title: l10n.t('Model for: {0}', slot.title),
      placeHolder: slot.current?.name ?? l10n.t('as all roles'),
      matchOnDescription: true,
      matchOnDetail: true,
    });
    if (!picked) throw new Cancelled();
    const { choice } = picked;
    if (!choice) continue; // it only tells why a provider has nothing to offer
    switch (choice.kind) {
      case 'key':
        await commands.executeCommand(COMMANDS.setApiKey, choice.provider);
        continue;
      case 'type':
        return { kind: 'model', name: await typeName(ctx, folder, slot) };
      case 'model':
        if (choice.editor) await consent(ctx, choice.editor);
        return choice;
      case 'unset':
        return choice;
    }
  }
}

function choiceItems(
  { providers, playbooks }: ModelCatalogue,
  own: readonly EditorModel[],
  slot: Slot,
): ChoiceItem[] {
  const separator = (label: string): ChoiceItem => ({ label, kind: QuickPickItemKind.Separator });
  const isSet = slot.current !== null && slot.current.origin !== null;
  return [
    ...(isSet ? [unsetItem(slot)] : []),
    ...(own.length > 0 ? [separator(l10n.t("the editor's language models")), ...own.map(editorItem)] : []),
    ...providers.flatMap((provider) => {
      const items = providerItems(provider);
      return items.length > 0 ? [separator(provider.title), ...items] : [];
    }),
    separator(l10n.t('recorded sessions, no model')),
    ...playbooks.map(({ name, title }) => ({
      label: `playbook/${name}`,
      iconPath: new ThemeIcon('debug-rerun'),
      detail: title,
      choice: { kind: 'model' as const, name: `playbook/${name}` },
    })),
    separator(''),
    {
      label: l10n.t('Another model...'),
      iconPath: new ThemeIcon('edit'),
      choice: { kind: 'type' },
    },
  ];
}

function unsetItem({ key, current }: Slot): ChoiceItem {
  return {
    label: key === 'llm.model' ? l10n.t('Let AUTON choose') : l10n.t('The same as all roles'),
    iconPath: new ThemeIcon('discard'),
    description: l10n.t('removes {0} from {1}', key, shortOrigin(current?.origin ?? '')),
    choice: { kind: 'unset' },
  };
}

function editorItem(editor: EditorModel): ChoiceItem {
  const { name, chat } = editor;
  return {
    label: name,
    iconPath: new ThemeIcon('sparkle'),
    description: chat.name,
    detail: l10n.t('up to {0} tokens a request', chat.maxInputTokens.toLocaleString()),
    choice: { kind: 'model', name, editor },
  };
}

/** A provider that cannot be used yet shows the way to it in place of its models. */
function providerItems({ name, key, models, endpoint, unreachable }: OfferedProvider): ChoiceItem[] {
  if (key !== null && key.origin === null && endpoint === null && models.length > 0) {
    return [
      {
        label: l10n.t('Set the key...'),
        iconPath: new ThemeIcon('key'),
        description: l10n.t('then {0} and others', models[0]!.name),
        choice: { kind: 'key', provider: name as KeyName },
      },
    ];
  }
  if (unreachable)
    return [
      {
        label: l10n.t('Nothing answers at {0}', endpoint ?? ''),
        iconPath: new ThemeIcon('debug-disconnect'),
      },
    ];
  return models.map(({ name: model, usdPerMillion }) => ({
    label: model,
    iconPath: new ThemeIcon(key === null ? 'server' : 'cloud'),
    description:
      usdPerMillion === null
        ? l10n.t('price unknown')
        : priceText(usdPerMillion, (from, to) => l10n.t('{0} in, {1} out per million tokens', from, to)),
    choice: { kind: 'model', name: model },
  }));
}

async function typeName(ctx: Ctx, folder: AutonFolder, slot: Slot): Promise<string> {
  const { providers } = await modelCatalogue(ctx, folder);
  const known = [...providers.map(({ name }) => name as string), 'vscode', 'playbook'];
  return (
    await input({
      title: l10n.t('Model for: {0}', slot.title),
      prompt: l10n.t('provider/model, with a provider of {0}.', known.join(', ')),
      value: slot.current?.name ?? '',
      validateInput: (typed) =>
        modelNameProblem(typed, known) ? l10n.t('A name such as anthropic/claude-opus-5-5.') : undefined,
    })
  ).trim();
}

/** The editor asks the user once whether AUTON may use the model; agents could not ask later. */
async function consent(ctx: Ctx, { name, chat }: EditorModel): Promise<void> {
  try {
    await askConsent(ctx, chat);
  } catch (error) {
    const kind = error instanceof EditorModelError ? error.kind : null;
    throw new UserError(
      l10n.t('{0} cannot be used: {1}', name, errorMessage(error)),
      kind === 'no_permission'
        ? l10n.t('Select it again and allow AUTON to use it, or choose another model.')
        : l10n.t('See what its own extension says about it, or choose another model.'),
      { cause: error },
    );
  }
}
