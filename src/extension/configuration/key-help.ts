import { homedir } from 'node:os';
import type { KeyHelp } from '../../config/help.ts';
import { cliJson } from '../common/cli.ts';
import { nodeProgram } from '../common/node.ts';
import type { Ctx } from '../ctx.ts';

/** Every key of `auton.toml` as the command line explains it; asked for once. */
export class ConfigKeys {
  readonly #ctx: Ctx;
  #keys: Promise<readonly KeyHelp[]> | undefined;

  constructor(ctx: Ctx) {
    this.#ctx = ctx;
  }

  all(): Promise<readonly KeyHelp[]> {
    this.#keys ??= cliJson<KeyHelp[]>(nodeProgram(this.#ctx.extension), homedir(), [
      'config',
      'keys',
      '--json',
    ]);
    this.#keys.catch(() => (this.#keys = undefined)); // the next one may have better luck
    return this.#keys;
  }
}
