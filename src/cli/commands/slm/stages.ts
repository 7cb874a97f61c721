import { existsSync, readdirSync, rmSync } from 'node:fs';
import { basename, dirname, extname, join, relative, resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { loadConfig } from '../../../config/load.ts';
import type { Config } from '../../../protocol/config.ts';
import { UserError } from '../../../protocol/errors.ts';
import { given } from '../../../protocol/given.ts';
import { bytes } from '../../../protocol/units.ts';
import { runStage } from '../../../slm/pipeline/run-stage.ts';
import type { StageName, StageOptions, StageResult } from '../../../slm/pipeline/stages.ts';
import { trainingValues } from '../../../slm/pipeline/training-values.ts';
import { thisMachine } from '../../../slm/python/environment.ts';
import { requirePython } from '../../../slm/python/python.ts';
import type { Cli } from '../../cli.ts';
import { stageView } from '../../live/stage-view.ts';
import { configOption, jsonOption, positive, workspaceOf } from '../../options.ts';
import { interruptible } from '../../signals.ts';

interface Common {
  json?: boolean;
  config?: string;
}
interface Prepared extends Configured {
  out?: string;
  fetch?: boolean;
  tokenizer?: string;
}
interface Configured extends Common {
  model?: string;
  set?: Record<string, string>;
}

/** One call: where it works, and how it runs stages. */
class Call {
  readonly cli: Cli;
  readonly #folder: string;
  readonly #options: Configured;

  constructor(cli: Cli, command: Command, options: Configured) {
    this.cli = cli;
    this.#folder = workspaceOf(cli, command);
    this.#options = options;
  }

  /** The section `[slm]` of auton.toml. */
  get settings(): Config['slm'] {
    return loadConfig({ folder: this.#folder, env: this.cli.env, file: this.#options.config }).config.slm;
  }

  /** The configuration of the model: as named, else `slm.model_size`. */
  get model(): string {
    return this.#options.model ?? this.settings.model_size;
  }

  get configured() {
    const model = this.model;
    const config = /[./\\]/.test(model) ? resolve(this.cli.cwd, model) : model;
    return { config, ...given({ set: this.#options.set }) };
  }

  /** `--model` again, for the command that comes next. */
  get named(): string {
    const { model } = this.#options;
    return model === undefined ? '' : ` --model ${model}`;
  }

  /** A path that the user named, else one in `slm/` of the folder. */
  path(named: string | undefined, ...own: string[]): string {
    return named === undefined ? join(this.#folder, 'slm', ...own) : resolve(this.cli.cwd, named);
  }

  /** What a training is called: the configuration, without the path and ending of its file. */
  get name(): string {
    return this.model.replace(/^.*[/\\]/, '').replace(/\.ya?ml$/, '');
  }

  shown(path: string): string {
    return relative(this.cli.cwd, path) || '.';
  }

  async run<Name extends StageName>(stage: Name, options: StageOptions<Name>): Promise<StageResult<Name>> {
    const { cli } = this;
    const { out } = options as { out?: string };
    const folder = out && (OUT_IS_FOLDER.has(stage) ? out : dirname(out));
    const log = folder && join(folder, `${stage}.log`);
    const isNew = folder !== undefined && !existsSync(folder);
    return interruptible(async (signal) => {
      const say = (line: string) => void cli.stderr.write(`${line}\n`);
      const python = await requirePython({ machine: thisMachine(cli.env), signal, say });
      const view = stageView(cli, this.#options.json === true);
      try {
        return await runStage({
          stage,
          options,
          python,
          cwd: cli.cwd,
          signal,
          log,
          onEvent: (event) => view.event(event),
        });
      } catch (error) {
        // Refused before it did anything: nothing is left of it, unless its log is to be looked at.
        if (
          isNew &&
          log &&
          error instanceof UserError &&
          !error.remedy.includes(log) &&
          holdsOnly(folder, log)
        )
          rmSync(folder, { recursive: true });
        throw error;
      } finally {
        view.end();
      }
    }, REMEDIES[stage]);
  }

  /** The last line for people; other programs have had the event "done". */
  done(text: string): void {
    if (!this.#options.json) this.cli.print(this.cli.style.green(text));
  }
}

function holdsOnly(folder: string, file: string): boolean {
  return existsSync(folder) && readdirSync(folder).every((name) => name === basename(file));
}

/** Of the others it is a file. */
const OUT_IS_FOLDER: ReadonlySet<StageName> = new Set(['prepare_data', 'train', 'baseline', 'report']);

/** After an interruption. */
const REMEDIES: Partial<Record<StageName, string>> = {
  train: 'Start it again: it goes on from its last checkpoint, which is a minute old at most.',
};

export function stageCommands(cli: Cli): Command[] {
  return [prepare(cli), train(cli), evaluate(cli), quantize(cli), exportCommand(cli), importCommand(cli)];
}

function prepare(cli: Cli): Command {
  return configured(new Command('prepare'))
    .description('gather the sources, draw the examples, train the tokenizer')
    .option('--out <folder>', 'where the data set goes [slm/data]')
    .option('--fetch', 'download the Debian packages that hold the sources first (apt-get)')
    .option('--tokenizer <file>', 'the tokenizer.model of an imported model [a new one is trained]')
    .action(async (options: Prepared, command: Command) => {
      const call = new Call(cli, command, options);
      const out = call.path(options.out, 'data');
      const tokenizer = options.tokenizer && resolve(cli.cwd, options.tokenizer);
      const { examples } = await call.run('prepare_data', {
        ...{ ...call.configured, out, sources: call.path(undefined, 'sources') },
        ...given({ fetch: options.fetch, tokenizer }),
      });
      const next = tokenizer ? 'evaluate' : 'train';
      call.done(
        `${examples} examples in ${call.shown(out)}. Go on with \`${cli.self} slm ${next}${call.named}\`.`,
      );
    });
}

/** A file that is exported already, as a checkpoint: to evaluate it, to round it otherwise, to train on from it. */
function importCommand(cli: Cli): Command {
  return common(new Command('import'))
    .description('make a checkpoint of a GGUF or ONNX file of this pipeline, such as the model that ships')
    .argument('<file>', 'a .gguf or .onnx file; .onnx with its manifest beside it')
    .option('--out <file>', 'where the checkpoint goes [slm/<name of the model>/best.pt]')
    .action(async (file: string, options: Common & { out?: string }, command: Command) => {
      const call = new Call(cli, command, options);
      const model = resolve(cli.cwd, file);
      const out = call.path(options.out, basename(model, extname(model)), 'best.pt');
      const { name, parameters } = await call.run('import_model', { model, out });
      call.done(
        `${name}, ${parameters} parameters: ${call.shown(out)}. Its data set needs its own tokenizer: ` +
          `\`${cli.self} slm prepare --model ${name} --tokenizer <its tokenizer.model>\`.`,
      );
    });
}

function train(cli: Cli): Command {
  return configured(new Command('train'))
    .description('train, or go on where a training stopped')
    .option('--data <folder>', 'the data set [slm/data]')
    .option('--out <folder>', 'where checkpoints go [slm/<model>]')
    .option('--device <name>', 'cpu or cuda [a GPU when there is one]')
    .action(
      async (options: Configured & { data?: string; out?: string; device?: string }, command: Command) => {
        const call = new Call(cli, command, options);
        const out = call.path(options.out, call.name);
        const { step, best } = await call.run('train', {
          ...{ ...call.configured, data: dataSet(call, options.data), out },
          set: { ...trainingValues(call.settings.training), ...options.set },
          ...given({ device: options.device }),
        });
        call.done(
          `Trained to step ${step}, best score ${best.toFixed(4)}: ${call.shown(join(out, 'best.pt'))}.`,
        );
      },
    );
}

interface OfCheckpoint extends Configured {
  data?: string;
  checkpoint?: string;
  out?: string;
}

/** Of the classifiers that the model has to beat. */
const LAST_BASELINE = 'logistic-pieces.npz';

function evaluate(cli: Cli): Command {
  return ofCheckpoint(new Command('evaluate'))
    .description(
      'measure a checkpoint on everything that was held out, beside classifiers that it has to beat',
    )
    .option('--size <n>', 'sentences and devices of each generated cell [2000]', positive('sentences'))
    .option('--no-baseline', 'leave the classifiers out')
    .action(async (options: OfCheckpoint & { size?: number; baseline: boolean }, command: Command) => {
      const call = new Call(cli, command, options);
      const [checkpoint, data] = [checkpointOf(call, options), dataSet(call, options.data)];
      const out = options.out === undefined ? dirname(checkpoint) : call.path(options.out);
      const evaluation = join(out, 'evaluation.json');
      const baselines = join(data, 'baselines');
      if (options.baseline && !existsSync(join(baselines, LAST_BASELINE)))
        await call.run('baseline', { data, out: baselines });
      await call.run('evaluate', {
        ...{ data, checkpoint, out: evaluation },
        ...given({ size: options.size, baselines: options.baseline ? baselines : undefined }),
      });
      const log = join(dirname(checkpoint), 'log.jsonl');
      const { report } = await call.run('report', { evaluation, out, ...(existsSync(log) ? { log } : {}) });
      call.done(`${call.shown(report)} compares f32, INT8 and INT4.`);
    });
}

function quantize(cli: Cli): Command {
  return ofCheckpoint(new Command('quantize'))
    .description('round a checkpoint to INT8 or INT4')
    .addOption(new Option('--to <type>', 'what to round to').choices(['int8', 'int4']).default('int8'))
    .addOption(new Option('--method <name>', 'how').choices(['rtn', 'gptq', 'awq']).default('rtn'))
    .action(
      async (
        options: OfCheckpoint & { to: 'int8' | 'int4'; method: 'rtn' | 'gptq' | 'awq' },
        command: Command,
      ) => {
        const { to, method } = options;
        const call = new Call(cli, command, options);
        const checkpoint = checkpointOf(call, options);
        const out =
          options.out === undefined ? join(dirname(checkpoint), `${to}.pt`) : call.path(options.out);
        const data = method === 'rtn' ? {} : { data: dataSet(call, options.data) };
        const result = await call.run('quantize', { checkpoint, out, to, method, ...data });
        const worst = result.worst_error.toExponential(2);
        call.done(
          `${result.matrices} matrices in ${to} by ${method}, relative error at most ${worst}: ${call.shown(out)}.`,
        );
      },
    );
}

const GGUF_TYPES = ['F32', 'F16', 'Q8_0', 'Q4_0'] as const;

function exportCommand(cli: Cli): Command {
  return ofCheckpoint(new Command('export'))
    .description('write a checkpoint as GGUF for kernels and as ONNX for the editor, each with a manifest')
    .addOption(new Option('--type <type>', 'precision of the GGUF file').choices(GGUF_TYPES).default('Q8_0'))
    .addOption(new Option('--format <format>', 'only this').choices(['gguf', 'onnx']))
    .action(
      async (
        options: OfCheckpoint & { type: (typeof GGUF_TYPES)[number]; format?: 'gguf' | 'onnx' },
        command: Command,
      ) => {
        const call = new Call(cli, command, options);
        const [checkpoint, data] = [checkpointOf(call, options), dataSet(call, options.data)];
        const folder =
          options.out === undefined ? join(dirname(checkpoint), 'export') : call.path(options.out);
        const tell = (file: string, { format, bytes: size }: { format: string; bytes: number }) =>
          call.done(`${call.shown(file)}: ${format}, ${bytes(size)}`);
        if (options.format !== 'onnx') {
          const out = join(folder, `${call.name}-${options.type}.gguf`);
          tell(out, await call.run('export_gguf', { checkpoint, data, out, type: options.type }));
        }
        if (options.format !== 'gguf') {
          const out = join(folder, `${call.name}.onnx`);
          tell(out, await call.run('export_onnx', { checkpoint, data, out }));
        }
      },
    );
}

function common(command: Command): Command {
  return command
    .addOption(configOption())
    .addOption(jsonOption('print what happens as it happens, one JSON object a line'));
}

function configured(command: Command): Command {
  return common(command)
    .option('--model <name>', 'a shipped configuration or a YAML file [slm.model_size]')
    .option('--set <key=value>', 'change a value of the configuration, such as train.steps=100', assignment);
}

function ofCheckpoint(command: Command): Command {
  return common(command)
    .option('--model <name>', 'the configuration that was trained [slm.model_size]')
    .option('--checkpoint <file>', 'what was trained [slm/<model>/best.pt]')
    .option('--data <folder>', 'the data set it was trained on [slm/data]')
    .option('--out <path>', 'where the result goes [beside the checkpoint]');
}

function assignment(text: string, earlier: Record<string, string> = {}): Record<string, string> {
  const [, key, value] = /^(\w+\.\w+)=(.*)$/.exec(text) ?? [];
  if (key === undefined || value === undefined)
    throw new InvalidArgumentError('Write it as train.steps=100.');
  return { ...earlier, [key]: value };
}

function dataSet(call: Call, named: string | undefined): string {
  const folder = call.path(named, 'data');
  if (existsSync(join(folder, 'statistics.json'))) return folder;
  throw new UserError(
    `There is no data set in ${call.shown(folder)}.`,
    `Make one with \`auton slm prepare${call.named}\`, or name another folder with --data.`,
  );
}

function checkpointOf(call: Call, { checkpoint }: OfCheckpoint): string {
  const file = call.path(checkpoint, call.name, 'best.pt');
  if (existsSync(file)) return file;
  throw new UserError(
    `There is no checkpoint ${call.shown(file)}.`,
    `Make one with \`auton slm train${call.named}\`, or name another one with --checkpoint.`,
  );
}
