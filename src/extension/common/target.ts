import type { AutonFolder } from '../folder.ts';

/** What a command is about. Tree elements carry one, so do buttons in notifications. */
export interface Target {
  /** Path of the workspace folder. */
  folder: string;
  run?: string;
  task?: string;
  agent?: string;
  question?: string;
  /** Id of a piece of evidence. */
  evidence?: string;
}

/** The target that a menu, a tree or another part handed to a command, if it did. */
export function targetOf(argument: unknown): Target | undefined {
  if (typeof argument !== 'object' || argument === null) return undefined;
  const own = (argument as { target?: unknown }).target ?? argument;
  const { folder } = own as { folder?: unknown };
  return typeof folder === 'string' ? (own as Target) : undefined;
}

/** Something in a tree that commands can act on. */
export interface HasTarget {
  readonly target: Target;
}

export function folderTarget(folder: AutonFolder): Target {
  return { folder: folder.path };
}
