import { UserError } from '../protocol/errors.ts';
import type { Evidence } from '../protocol/evidence.ts';
import type { Gates, MergeGateInput, Record, TaskGateInput } from './gates.ts';
import { INTEGRATION } from '../agents/slm-pipeline.ts';
import { makesModel, type ModelGates } from './slm/gates.ts';

/** The gates of a run that makes a model: alone, or beside the kernel that it will be part of. */
export class RunGates implements Gates {
  readonly #model: ModelGates;
  readonly #kernel: Gates | null;

  constructor(model: ModelGates, kernel: Gates | null) {
    this.#model = model;
    this.#kernel = kernel;
  }

  async task(input: TaskGateInput, record: Record): Promise<boolean> {
    if (makesModel(input.spec)) return this.#model.task(input, record);
    return (await this.#fits(input, input.head, record)) && this.#forKernel().task(input, record);
  }

  merged(input: MergeGateInput, record: Record): Promise<boolean> {
    if (makesModel(input.specs.at(-1)!)) return this.#model.merged(input, record);
    const specs = input.specs.filter((spec) => !makesModel(spec));
    return this.#forKernel().merged({ ...input, specs }, record);
  }

  /** The model that a task puts into the kernel must be one that passed its gates. */
  async #fits({ spec, path, signal }: TaskGateInput, tree: string, record: Record): Promise<boolean> {
    return spec.id !== INTEGRATION || this.#model.embedded({ path, tree, signal }, record);
  }

  async final(input: { path: string; tree: string; signal: AbortSignal }, record: Record): Promise<boolean> {
    const model = await this.#model.final(input, record);
    return model && (this.#kernel === null || (await this.#kernel.final(input, record)));
  }

  build: Gates['build'] = (input): Promise<Evidence> => this.#forKernel().build(input);
  test: Gates['test'] = (input): Promise<Evidence> => this.#forKernel().test(input);

  #forKernel(): Gates {
    if (this.#kernel) return this.#kernel;
    throw new UserError('This run makes a model and no kernel.', 'There is nothing to build or to boot.');
  }
}
