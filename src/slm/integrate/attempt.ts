import { basename } from 'node:path';
import { readSymbols, type ElfSymbols } from '../../kernel/symbols.ts';
import { errorMessage, UserError } from '../../protocol/errors.ts';
import { bytes } from '../../protocol/units.ts';
import { answersProblem, askAll, PROMPTS } from './answers.ts';
import { median, readBoot, timedBoot } from './boots.ts';
import type { IntegrationHost } from './host.ts';
import { examineModel, ModelProblem } from './model-file.ts';
import type { ModelPlace } from './model-place.ts';
import type { Attempt, CheckName } from './report.ts';

/** The specification's bounds. */
const MAX_SIZE_ERROR = 0.05;
const MAX_BOOT_GROWTH = 0.05;
/** The kernel's clock counts whole milliseconds. */
const CLOCK_MS = 1;
const BOOTS = 3;

/** The tree's kernel before a model was put into it. */
export interface Before {
  kernel: string;
  elf: ElfSymbols;
}

/** Ends an attempt: this check failed. */
class Failed extends Error {}

/** Puts one model into the tree and looks at everything, in the order in which it can go wrong. The tree keeps the model. */
export async function attemptModel(
  model: string,
  place: ModelPlace,
  before: Before,
  host: IntegrationHost,
): Promise<{ attempt: Attempt; kernel: string | null }> {
  const attempt: Attempt = {
    ...{ model, name: null, bytes: null, sha256: null, passed: false },
    ...{ checks: [], answers: [], measured: { ramMb: host.memoryMb } },
  };
  const work = new Work(attempt, place, before, host);
  let kernel: string | null = null;
  try {
    work.examine();
    kernel = await work.build();
    work.compareSymbols(kernel);
    await work.bootAndAsk(kernel);
    await work.compareBoots(kernel);
    await work.regression(kernel);
    attempt.passed = true;
  } catch (error) {
    if (!(error instanceof Failed)) throw error;
  }
  return { attempt, kernel };
}

class Work {
  readonly #attempt: Attempt;
  readonly #place: ModelPlace;
  readonly #before: Before;
  readonly #host: IntegrationHost;

  constructor(attempt: Attempt, place: ModelPlace, before: Before, host: IntegrationHost) {
    this.#attempt = attempt;
    this.#place = place;
    this.#before = before;
    this.#host = host;
  }

  examine(): void {
    try {
      const model = examineModel(this.#attempt.model, this.#host.memoryMb);
      Object.assign(this.#attempt, { name: model.name, bytes: model.bytes, sha256: model.sha256 });
      this.#passed('model_file', `${model.name ?? basename(model.path)}, ${bytes(model.bytes)}`);
    } catch (error) {
      if (!(error instanceof ModelProblem)) throw error;
      this.#fail(error.check, error.message);
    }
  }

  async build(): Promise<string> {
    await this.#place.put(this.#attempt.model);
    const built = await this.#host.build();
    if ('problem' in built) this.#fail('build', built.problem);
    this.#passed('build', 'builds without a warning');
    return built.kernel;
  }

  compareSymbols(kernel: string): void {
    const elf = readSymbols(kernel);
    const model = this.#attempt.bytes!;
    const size = elf && modelBytes(elf);
    if (elf === null || size === null)
      this.#fail('symbols', 'the kernel has no slm_model_start, slm_model_end and slm_model_size');
    if (size !== model || (elf.sections.get('.slm_model') ?? 0) < model)
      this.#fail('symbols', `the kernel embeds ${size} bytes, the model has ${model}`);
    this.#passed('symbols', `slm_model_size is ${size}`);

    const before = this.#before.elf;
    const grown = elf.bytes - before.bytes;
    const expected = model - (modelBytes(before) ?? 0);
    Object.assign(this.#attempt.measured, { kernelBytes: elf.bytes, kernelBytesBefore: before.bytes });
    const detail = `the kernel went from ${bytes(before.bytes)} to ${bytes(elf.bytes)}, by the model's ${bytes(Math.abs(expected))} and ${grown - expected} bytes`;
    this.#check('size', Math.abs(grown - expected) <= MAX_SIZE_ERROR * model, detail);
  }

  async bootAndAsk(kernel: string): Promise<void> {
    const begun = performance.now();
    const chat = await this.#host.boot(kernel).catch((error: unknown) => {
      if (!(error instanceof UserError)) throw error;
      return this.#fail('boot', errorMessage(error));
    });
    try {
      const boot = readBoot(chat.greeting, performance.now() - begun);
      this.#passed('boot', 'reaches its prompt');
      const { loadMs, poolKb } = boot;
      Object.assign(this.#attempt.measured, { ...(loadMs && { loadMs }), ...(poolKb && { poolKb }) });
      this.#check(
        'load',
        boot.model !== null,
        boot.model === null
          ? (boot.why ?? 'the kernel loads no model')
          : `${boot.model} answers${loadMs === null ? '' : `, loaded in ${loadMs.toFixed(0)} ms`}`,
      );
      const answers = await askAll(
        chat,
        PROMPTS.map(({ prompt }) => prompt),
      );
      this.#attempt.answers = answers;
      const problem = answersProblem(answers);
      const slowest = Math.max(...answers.map(({ ms }) => ms));
      this.#check(
        'answers',
        problem === null,
        problem ?? `${answers.length} sensible answers, the slowest in ${slowest} ms`,
      );
    } finally {
      await chat.stop();
    }
  }

  /** By instructions, not by time: 5 % of a boot is less than what else this machine does makes of it. */
  async compareBoots(kernel: string): Promise<void> {
    const [old, now]: [number[], number[]] = [[], []];
    for (let boot = 0; boot < BOOTS; boot++) {
      old.push((await timedBoot(() => this.#host.boot(this.#before.kernel, { counted: true }))).ms);
      now.push((await timedBoot(() => this.#host.boot(kernel, { counted: true }))).ms);
    }
    const [bootMsBefore, bootMs] = [median(old), median(now)];
    Object.assign(this.#attempt.measured, { bootMs, bootMsBefore, boots: now.length });
    const detail = `${bootMs.toFixed(1)} ms to boot without loading the model, ${bootMsBefore.toFixed(1)} ms before (medians of ${now.length}, by a clock of instructions)`;
    this.#check(
      'boot_time',
      bootMs - bootMsBefore <= Math.max(MAX_BOOT_GROWTH * bootMsBefore, CLOCK_MS),
      detail,
    );
  }

  /** What failed before as well is no regression: it is told, and does not count. */
  async regression(kernel: string): Promise<void> {
    const { passed, failed, summary } = await this.#host.regression(kernel);
    const before = failed.length > 0 ? (await this.#host.regression(this.#before.kernel)).failed : [];
    const broken = failed.filter((name) => !before.includes(name));
    const old = failed.length > broken.length ? `; without the model ${before.join(', ')} failed too` : '';
    const good = passed > 0 ? `${passed} acceptance tests pass` : summary;
    const detail = broken.length > 0 ? `${broken.join(', ')} failed` : good;
    this.#check('regression', broken.length === 0 && passed > 0, `${detail}${old}`);
  }

  #check(name: CheckName, passed: boolean, detail: string): void {
    if (!passed) this.#fail(name, detail);
    this.#passed(name, detail);
  }

  #passed(name: CheckName, detail: string): void {
    this.#attempt.checks.push({ name, passed: true, detail });
    this.#host.say(`  ${name}: ${detail}`);
  }

  #fail(name: CheckName, detail: string): never {
    this.#attempt.checks.push({ name, passed: false, detail });
    this.#host.say(`  ${name} FAILED: ${detail}`);
    throw new Failed(detail);
  }
}

/** Bytes of the model in a kernel; null when it has no place for one. */
export function modelBytes({ symbols }: ElfSymbols): number | null {
  const [start, end, size] = ['start', 'end', 'size'].map((name) => symbols.get(`slm_model_${name}`));
  if (start === undefined || end === undefined || size === undefined) return null;
  return end - start === size ? Number(size) : null;
}
