import { Disposable } from 'vscode';
import type { Ctx } from '../ctx.ts';
import { chatParticipant } from './participant.ts';
import { chatTools } from './tools.ts';

export function chatPart(ctx: Ctx): Disposable {
  return Disposable.from(chatTools(ctx), chatParticipant(ctx));
}
