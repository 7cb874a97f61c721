import { Disposable } from 'vscode';
import type { Ctx } from '../ctx.ts';
import { kernelLinks } from './links.ts';
import { kernelTasks } from './tasks.ts';

/** Tasks that build, boot and judge a kernel, and links in its terminals. */
export function kernelPart(ctx: Ctx): Disposable {
  return Disposable.from(...kernelTasks(ctx), kernelLinks(ctx.machines));
}
