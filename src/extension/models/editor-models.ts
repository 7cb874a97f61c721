import { l10n, lm, type LanguageModelChat } from 'vscode';
import { EditorModelError } from '../../protocol/editor-models.ts';

/** What stands before the model's own name in `auton.toml`. */
export const EDITOR_PROVIDER = 'vscode';

/** A language model of the editor, under the name it has in `auton.toml`. */
export interface EditorModel {
  /** `vscode/<vendor>/<family>`, with the id in place of a family that another model of the vendor shares. */
  name: string;
  chat: LanguageModelChat;
}

/** The language models that other extensions bring; none in an editor without any. */
export async function editorModels(): Promise<EditorModel[]> {
  const chats = await lm.selectChatModels();
  return chats.map((chat) => {
    const { vendor, family, id } = chat;
    const alone = chats.filter((other) => other.vendor === vendor && other.family === family).length === 1;
    return { name: `${EDITOR_PROVIDER}/${vendor}/${alone ? family : id}`, chat };
  });
}

/** The model of a name without `vscode/`: `<vendor>/<family or id>`, or an id alone. */
export async function findEditorModel(name: string): Promise<LanguageModelChat> {
  const slash = name.indexOf('/');
  const [vendor, own] = [name.slice(0, slash), name.slice(slash + 1)];
  const ofVendor = slash > 0 ? await lm.selectChatModels({ vendor }) : [];
  const found =
    ofVendor.find(({ id }) => id === own) ??
    ofVendor.find(({ family }) => family === own) ??
    (await lm.selectChatModels({ id: name }))[0];
  if (found) return found;
  throw new EditorModelError('not_found', l10n.t('this editor has no language model {0}', name));
}
