import type { z } from 'zod';
import type {
  integrateSlmModelInput,
  testKernelBootInput,
  testSlmInferenceInput,
} from '../../tools/slm/kernel.ts';
import { fitResult } from '../../tools/keep.ts';
import { worktreePlace } from '../../tools/paths.ts';
import { ToolError } from '../../tools/tool-error.ts';
import type { ToolResult } from '../../tools/tool.ts';
import { answersProblem, askAll, PROMPTS } from '../integrate/answers.ts';
import { readBoot } from '../integrate/boots.ts';
import { integrateModel } from '../integrate/integrate.ts';
import { failureOf } from '../integrate/report.ts';
import type { KernelBench } from '../workshop.ts';
import type { Bench } from './bench.ts';

export async function integrateSlmModel(
  { model, fallbacks }: z.output<typeof integrateSlmModelInput>,
  bench: Bench,
): Promise<ToolResult> {
  const said: string[] = [];
  const { architecture, host } = await kernelOf(bench, (line) => said.push(line));
  const file = async (given: string) => (await worktreePlace(given, bench.context)).path;
  const models: [string, ...string[]] = [await file(model), ...(await Promise.all(fallbacks.map(file)))];
  const { report } = await integrateModel({ tree: bench.context.worktree, architecture, models, host });
  const failed = report.attempts.filter(({ passed }) => !passed);
  const lines = [
    ...said,
    ...failed.map((attempt) => `${attempt.model} did not pass: ${failureOf(attempt)}.`),
    report.outcome === 'rules'
      ? 'No model passed: the kernel is as it was, and its rules answer.'
      : `${report.model} is part of the kernel. Report: integration_test_report.json.`,
  ];
  const text = await fitResult(lines.join('\n'), 'integrate', bench.context);
  return { ok: report.outcome !== 'rules', text };
}

export async function testKernelBoot(
  { neural }: z.output<typeof testKernelBootInput>,
  bench: Bench,
): Promise<ToolResult> {
  const { host } = await kernelOf(bench);
  const kernel = await built(host);
  const begun = performance.now();
  const chat = await host.boot(kernel, neural ? {} : { cmdline: 'slm=rules' });
  const wallMs = performance.now() - begun;
  await chat.stop();
  const boot = readBoot(chat.greeting, wallMs);
  const loaded = boot.loadMs === null ? '' : `, loaded in ${boot.loadMs.toFixed(0)} ms`;
  const lines = [
    `At its prompt after ${Math.round(wallMs)} ms; ${boot.ms.toFixed(0)} ms of boot without loading a model.`,
    boot.model === null ? (boot.why ?? 'The rules answer.') : `${boot.model} answers${loaded}.`,
    chat.greeting,
  ];
  return {
    ok: !neural || boot.model !== null,
    text: await fitResult(lines.join('\n'), 'boot', bench.context),
  };
}

export async function testSlmInference(
  { prompts }: z.output<typeof testSlmInferenceInput>,
  bench: Bench,
): Promise<ToolResult> {
  const { host } = await kernelOf(bench);
  const chat = await host.boot(await built(host));
  try {
    const { model } = readBoot(chat.greeting, 0);
    const answers = await askAll(chat, prompts.length > 0 ? prompts : PROMPTS.map(({ prompt }) => prompt));
    const problem = answersProblem(answers);
    const lines = [
      model === null ? 'The rules answer.' : `${model} answers.`,
      ...answers.map(({ prompt, answer, ms }) => `> ${prompt}\n${answer}\n(${ms} ms)`),
      problem === null ? 'All answers are sensible.' : `WRONG: ${problem}`,
    ];
    return { ok: problem === null, text: await fitResult(lines.join('\n'), 'inference', bench.context) };
  } finally {
    await chat.stop();
  }
}

async function kernelOf(bench: Bench, say: (line: string) => void = () => undefined): Promise<KernelBench> {
  const kernel = await bench.workshop.kernel?.(bench.context, say);
  if (kernel) return kernel;
  throw new ToolError('This run builds no kernel, so there is none to put a model into. Do not try again.');
}

async function built(host: KernelBench['host']): Promise<string> {
  const result = await host.build();
  if ('problem' in result)
    throw new ToolError(`The kernel does not build: ${result.problem} Use build_kernel for the whole log.`);
  return result.kernel;
}
