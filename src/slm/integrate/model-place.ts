import { constants, cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { errorMessage, hasCode, UserError } from '../../protocol/errors.ts';
import { manifestOf } from './model-file.ts';

/** Where a kernel's tree keeps its own model; the specification calls it kernel/slm/models/. */
export const MODELS_FOLDER = 'slm/models';
/** What was there before, while another model is tried. */
const BEFORE = 'slm/.models-before';

/** The folder with a tree's model. It goes back to what it was, also after this process was killed in between. */
export class ModelPlace {
  readonly #models: string;
  readonly #before: string;

  constructor(tree: string) {
    if (!existsSync(join(tree, 'slm_model', 'subsystem.mk'))) {
      throw new UserError(
        `The kernel in ${tree} cannot run a model: it has no subsystem slm_model.`,
        'Give it the folders slm_neural/ and slm_model/ of the reference kernel, or integrate into a copy of that one.',
      );
    }
    this.#models = resolve(tree, MODELS_FOLDER);
    this.#before = join(tree, BEFORE);
    if (existsSync(this.#before)) this.restore(); // another integration was cut off
  }

  /** Puts a model and its manifest there, alone. */
  async put(model: string): Promise<void> {
    // Kept by copying: a crash between two renames would leave the tree without its model.
    if (!existsSync(this.#before)) {
      const part = `${this.#before}.part`;
      rmSync(part, { recursive: true, force: true });
      mkdirSync(part, { recursive: true });
      if (existsSync(this.#models)) cpSync(this.#models, part, { recursive: true });
      renameSync(part, this.#before);
    }
    try {
      rmSync(this.#models, { recursive: true, force: true });
      mkdirSync(this.#models, { recursive: true });
      const target = join(this.#models, basename(model));
      // The model may have been in the tree already.
      const source = dirname(resolve(model)) === this.#models ? join(this.#before, basename(model)) : model;
      await copyFile(source, target, constants.COPYFILE_FICLONE);
      if (existsSync(manifestOf(source))) await copyFile(manifestOf(source), manifestOf(target));
    } catch (error) {
      this.restore();
      if (hasCode(error, 'ENOSPC') || hasCode(error, 'EDQUOT')) {
        throw new UserError(
          'The disk has no room for the model.',
          'Free some space; the tree is as it was.',
          { cause: error },
        );
      }
      throw new UserError(`The model cannot be copied: ${errorMessage(error)}.`, 'The tree is as it was.', {
        cause: error,
      });
    }
  }

  /** As it was before the first `put`. */
  restore(): void {
    if (!existsSync(this.#before)) return;
    rmSync(this.#models, { recursive: true, force: true });
    if (readdirSync(this.#before).length > 0) renameSync(this.#before, this.#models);
    else rmSync(this.#before, { recursive: true });
  }

  /** What is there now stays. */
  keep(): void {
    rmSync(this.#before, { recursive: true, force: true });
  }
}
