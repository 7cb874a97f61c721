import type { Disposable, SecretStorage } from 'vscode';
import { KEY_NAMES, type KeyName } from '../../protocol/keys.ts';
import type { Ctx } from '../ctx.ts';

export type StoredKeys = Partial<Record<KeyName, string>>;

const PREFIX = 'auton.key.';

/** The editor's secret storage holds the keys of model providers; they leave it for engines only, over their socket. */
export async function storedKeys(secrets: SecretStorage): Promise<StoredKeys> {
  const entries = await Promise.all(
    KEY_NAMES.map(async (name) => [name, await secrets.get(PREFIX + name)] as const),
  );
  return Object.fromEntries(entries.filter(([, key]) => key));
}

export function storeKey(secrets: SecretStorage, name: KeyName, key: string): Thenable<void> {
  return secrets.store(PREFIX + name, key);
}

export function deleteKey(secrets: SecretStorage, name: KeyName): Thenable<void> {
  return secrets.delete(PREFIX + name);
}

/** Tells the engines that are connected when a key changes, in this window or in another one. */
export function forwardKeys(ctx: Ctx): Disposable {
  const { secrets } = ctx.extension;
  return secrets.onDidChange(({ key: secret }) => {
    const name = KEY_NAMES.find((known) => PREFIX + known === secret);
    if (name) void forward(ctx, name);
  });
}

async function forward(ctx: Ctx, name: KeyName): Promise<void> {
  const keys = { [name]: (await ctx.extension.secrets.get(PREFIX + name)) ?? '' };
  for (const { engine, path } of ctx.folders.all) {
    try {
      await engine.client?.setKeys(keys);
    } catch (error) {
      ctx.log.warn(`the engine of ${path} did not take the key: ${String(error)}`);
    }
  }
}
