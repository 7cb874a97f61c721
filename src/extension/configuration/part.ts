import { Disposable } from 'vscode';
import type { Ctx } from '../ctx.ts';
import { configDiagnostics } from './diagnostics.ts';
import { configLanguage } from './language.ts';

export function configurationPart(ctx: Ctx): Disposable {
  return Disposable.from(configDiagnostics(ctx), configLanguage(ctx));
}
