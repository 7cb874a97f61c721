import type { ModelCatalogue } from '../../models/catalogue.ts';
import { cliJson } from '../common/cli.ts';
import { nodeProgram } from '../common/node.ts';
import { safePlace } from '../common/place.ts';
import type { Ctx } from '../ctx.ts';
import type { AutonFolder } from '../folder.ts';
import { storedKeys } from './keys.ts';

/**
 * The models there are to choose from and the chosen ones, as the command line tells them. It is told for which
 * providers the editor keeps a key, not the keys. The configuration of a folder that is not trusted is not read.
 */
export async function modelCatalogue(ctx: Ctx, folder: AutonFolder | undefined): Promise<ModelCatalogue> {
  const kept = Object.keys(await storedKeys(ctx.extension.secrets));
  const args = ['config', 'models', '--json', ...(kept.length > 0 ? ['--kept-keys', ...kept] : [])];
  return cliJson<ModelCatalogue>(nodeProgram(ctx.extension), safePlace(folder), args);
}
