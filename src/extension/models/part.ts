import { Disposable, type SecretStorage } from 'vscode';
import type { Ctx } from '../ctx.ts';
import type { EngineClient } from '../../engine/client.ts';
import { completeWithEditor } from './complete.ts';
import { forwardKeys, storedKeys } from './keys.ts';
import { followReadiness } from './readiness.ts';

/** Gives a new connection what only the editor has: keys, and answers of its language models. */
export async function equipEngine(client: EngineClient, secrets: SecretStorage): Promise<void> {
  client.onModelRequest(completeWithEditor);
  await client.setKeys(await storedKeys(secrets));
}

export function modelsPart(ctx: Ctx): Disposable {
  return Disposable.from(forwardKeys(ctx), followReadiness(ctx));
}
