import type { Ctx } from './ctx.ts';
import type { CommandName } from './ids.ts';

/** `argument` is what a menu, a tree, a keybinding or another part hands over; see `targetOf`. */
export type Command = (ctx: Ctx, argument?: unknown, ...rest: unknown[]) => unknown;

/** A feature's commands, to be spread into the table in commands.ts. */
export type CommandsOf<N extends CommandName> = Record<N, Command>;
