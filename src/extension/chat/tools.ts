import {
  Disposable,
  l10n,
  LanguageModelTextPart,
  LanguageModelToolResult,
  lm,
  MarkdownString,
  type CancellationToken,
  type LanguageModelToolConfirmationMessages,
} from 'vscode';
import type { Evidence } from '../../protocol/evidence.ts';
import { UserError } from '../../protocol/errors.ts';
import type { Architecture } from '../../protocol/roles.ts';
import { cliJson, runAuton } from '../common/cli.ts';
import { nodeProgram } from '../common/node.ts';
import { requireTrust } from '../common/trust.ts';
import type { Ctx } from '../ctx.ts';
import type { AutonFolder } from '../folder.ts';
import { TOOLS } from '../ids.ts';
import { english } from './english.ts';
import { code, fenced, plain } from '../common/markdown.ts';
import { evidenceText, explainText, statusText, troubles } from './run-text.ts';

/** More would fill a model's context with one answer. */
const MAX_RESULT = 40_000;

/** A tool that models in the editor's chat can call. The manifest holds its description and schema. */
interface Tool<Input> {
  /** What the chat shows while it works. */
  progress: (input: Input) => string;
  /** What the user confirms first; absent for a tool that only reads. */
  confirm?: (input: Input) => LanguageModelToolConfirmationMessages;
  run: (ctx: Ctx, input: Input, token: CancellationToken) => Promise<string>;
}

interface RunInput {
  goal: string;
  arch?: Architecture;
  model?: string;
  maxCostUsd?: number;
}
interface KernelInput {
  arch?: Architecture;
  question?: string;
}

const runTool: Tool<RunInput> = {
  progress: () => l10n.t('Starting a run of AUTON'),
  confirm: ({ goal, model, maxCostUsd }) => ({
    title: l10n.t('Start a run of AUTON?'),
    message: new MarkdownString(
      [
        `> ${plain(goal)}`,
        model === undefined
          ? l10n.t('Agents work on it with the models that auton.toml names.')
          : l10n.t('Agents work on it with {0}.', code(model)),
        maxCostUsd === undefined
          ? l10n.t('It may cost as much as auton.toml allows.')
          : l10n.t('It may cost {0}.', `$${maxCostUsd.toFixed(2)}`),
      ].join('\n\n'),
    ),
  }),
  run: async (ctx, { goal, arch, model, maxCostUsd }) => {
    const folder = folderOf(ctx);
    const client = await folder.engine.require();
    const { run } = await client.startRun({
      goal,
      ...(arch === undefined ? {} : { arch }),
      ...(model === undefined ? {} : { model }),
      ...(maxCostUsd === undefined ? {} : { maxCostUsd }),
    });
    return `Run ${run} was started and goes on by itself; it takes minutes to hours. ${TOOLS.status} tells where it stands.`;
  },
};

const statusTool: Tool<{ explain?: boolean }> = {
  progress: () => l10n.t('Looking at the run'),
  run: async (ctx, { explain }) => {
    const folder = folderOf(ctx);
    const record = folder.runs.live ?? folder.runs.newest;
    if (!record) return `There are no runs in ${folder.name} yet. ${TOOLS.run} starts one.`;
    await folder.runs.load(record);
    if (record.problem) throw record.problem;
    const run = { id: record.id, phase: record.phase, state: record.state };
    const tasks = [...record.state.tasks.values()].map(
      ({ spec, state }) => `- ${spec.id} (${state}): ${plain(spec.title)}`,
    );
    const why =
      explain === false || troubles(record.state).length === 0 ? [] : [explainText(run, undefined, english)];
    return [statusText(run, english), `**Tasks**\n${tasks.join('\n')}`, ...why].join('\n\n');
  },
};

const diffTool: Tool<{ task: string }> = {
  progress: ({ task }) => l10n.t('Reading what {0} changed', task),
  run: async (ctx, { task }, token) => {
    const diff = await runAuton(...auton(ctx, ['diff', task], token));
    return diff.trim() === '' ? `${task} changed nothing.` : fenced(diff);
  },
};

const buildTool: Tool<KernelInput> = {
  progress: () => l10n.t('Building the kernel'),
  confirm: ({ arch }) => ({
    title: l10n.t('Build the kernel?'),
    message: l10n.t('Compilers run in the sandbox of AUTON, for {0}.', archText(arch)),
  }),
  run: async (ctx, { arch }, token) => {
    const evidence = await cliJson<Evidence[]>(
      ...auton(ctx, ['validate', '--build', '--json', ...archArgs(arch)], token),
    );
    return evidence
      .map((one) => `${one.passed ? 'PASSED' : 'FAILED'}\n${evidenceText(one, english)}`)
      .join('\n\n');
  },
};

const bootTool: Tool<KernelInput> = {
  progress: ({ question }) =>
    question === undefined ? l10n.t('Booting the kernel') : l10n.t('Booting the kernel and asking it'),
  confirm: ({ arch, question }) => ({
    title: l10n.t('Boot the kernel in QEMU?'),
    message:
      question === undefined
        ? l10n.t(
            'The newest kernel for {0} is booted to its prompt, without network or disks of this machine.',
            archText(arch),
          )
        : l10n.t(
            'The newest kernel for {0} is booted, without network or disks of this machine, and asked: {1}',
            archText(arch),
            question,
          ),
  }),
  run: async (ctx, { arch, question }, token) => {
    const asked = question === undefined ? [] : ['--', question];
    const args = ['kernel', 'chat', '--json', ...archArgs(arch), ...asked];
    const { log, answer } = await cliJson<{ log: string; answer: string | null }>(...auton(ctx, args, token));
    const said = answer === null ? '' : `\n\nIts answer:\n${fenced(answer)}`;
    return `The kernel booted to its prompt. Its serial log:\n${fenced(log)}${said}`;
  },
};

/** Nothing happens in an editor without a chat: it never calls them. */
export function chatTools(ctx: Ctx): Disposable {
  return Disposable.from(
    register(ctx, TOOLS.run, runTool),
    register(ctx, TOOLS.status, statusTool),
    register(ctx, TOOLS.taskDiff, diffTool),
    register(ctx, TOOLS.build, buildTool),
    register(ctx, TOOLS.boot, bootTool),
  );
}

function register<Input>(ctx: Ctx, name: string, { progress, confirm, run }: Tool<Input>): Disposable {
  return lm.registerTool<Input>(name, {
    prepareInvocation: ({ input }) => ({
      invocationMessage: progress(input),
      ...(confirm ? { confirmationMessages: confirm(input) } : {}),
    }),
    invoke: async ({ input }, token) => {
      try {
        const text = await run(ctx, input, token);
        const whole = text.length <= MAX_RESULT ? text : `${text.slice(0, MAX_RESULT)}\n... (cut off)`;
        return new LanguageModelToolResult([new LanguageModelTextPart(whole)]);
      } catch (error) {
        // The model is told the remedy as well; it can pass it on or follow it.
        if (error instanceof UserError) throw new Error(`${error.message} ${error.remedy}`, { cause: error });
        throw error;
      }
    },
  });
}

function folderOf(ctx: Ctx): AutonFolder {
  const folder = ctx.folders.current;
  if (folder) return folder;
  throw new UserError('No folder is open.', 'AUTON works in a folder: the user has to open one.');
}

/** The command line in the user's folder, which has to be trusted for it. */
function auton(ctx: Ctx, args: readonly string[], token: CancellationToken): Parameters<typeof runAuton> {
  requireTrust();
  return [nodeProgram(ctx.extension), folderOf(ctx).path, args, { token }];
}

const archArgs = (arch: Architecture | undefined) => (arch === undefined ? [] : ['--arch', arch]);
const archText = (arch: Architecture | undefined) => arch ?? l10n.t('the configured architecture');
