import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { readSymbols } from '../../kernel/symbols.ts';
import { UserError } from '../../protocol/errors.ts';
import type { Architecture } from '../../protocol/roles.ts';
import { askAll, PROMPTS } from './answers.ts';
import { attemptModel, type Before } from './attempt.ts';
import type { IntegrationHost } from './host.ts';
import { MODELS_FOLDER, ModelPlace } from './model-place.ts';
import { failureOf, REPORT_FILE, type Answer, type IntegrationReport } from './report.ts';

export interface IntegrationOptions {
  /** The folder with the kernel's Makefile. */
  tree: string;
  architecture: Architecture;
  /** The model, and what to try in its place, in this order. */
  models: readonly [string, ...string[]];
  host: IntegrationHost;
}

export interface Integration {
  report: IntegrationReport;
  /** The kernel that passed; null when none did. */
  kernel: string | null;
  commit: string | null;
}

/**
 * Makes a model part of a kernel's tree: along the ladder until one passes every check, then report and model are
 * committed. When none passes, the tree is as it was and the rules answer; the report says why. Rejects with a UserError
 * when the kernel did not build or boot before, and with the signal's reason; then too the tree is as it was.
 */
export async function integrateModel({
  tree,
  architecture,
  models,
  host,
}: IntegrationOptions): Promise<Integration> {
  const place = new ModelPlace(tree);
  const scratch = mkdtempSync(join(tmpdir(), 'auton-integrate-'));
  const report: IntegrationReport = {
    ...{ version: 1, architecture, time: new Date().toISOString(), outcome: 'rules', model: null },
    ...{ attempts: [], rules: [] },
  };
  try {
    host.say('The kernel as it is:');
    const before = await kernelBefore(host, join(scratch, 'before.elf'));
    for (const [index, model] of models.entries()) {
      host.say(`${index === 0 ? 'Putting in' : 'Falling back to'} ${basename(model)}:`);
      const { attempt, kernel } = await attemptModel(model, place, before, host);
      report.attempts.push(attempt);
      if (attempt.passed) {
        report.outcome = index === 0 ? 'integrated' : 'fallback';
        report.model = `${MODELS_FOLDER}/${basename(model)}`;
        place.keep();
        writeReport(tree, report);
        const commit = await host.commit([MODELS_FOLDER, REPORT_FILE], message(report));
        return { report, kernel, commit };
      }
      place.restore();
    }
    host.say('No model passed; the tree is as it was. What the rules answer:');
    report.rules = await askRules(before.kernel, host);
    return { report, kernel: null, commit: null };
  } finally {
    place.restore();
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function kernelBefore(host: IntegrationHost, kept: string): Promise<Before> {
  const built = await host.build();
  if ('problem' in built) {
    throw new UserError(
      `The kernel does not build as it is: ${built.problem}`,
      'Correct it before a model is put into it: `auton kernel build` shows what the compilers say.',
    );
  }
  copyFileSync(built.kernel, kept);
  const elf = readSymbols(kept);
  if (elf === null) throw new UserError('The kernel that was built is no ELF file.', 'Look at its Makefile.');
  // A kernel that does not come to its prompt without the model would be blamed on it.
  await (await host.boot(kept)).stop();
  host.say('  it builds and boots');
  return { kernel: kept, elf };
}

async function askRules(kernel: string, host: IntegrationHost): Promise<Answer[]> {
  const chat = await host.boot(kernel, { cmdline: 'slm=rules' });
  try {
    const answers = await askAll(
      chat,
      PROMPTS.map(({ prompt }) => prompt),
    );
    for (const { prompt, answer } of answers) host.say(`  ${prompt}\n    ${answer.split('\n', 1)[0]}`);
    return answers;
  } finally {
    await chat.stop();
  }
}

export function writeReport(folder: string, report: IntegrationReport): void {
  writeFileSync(join(folder, REPORT_FILE), `${JSON.stringify(report, null, 1)}\n`);
}

function message({ attempts, model }: IntegrationReport): string {
  const passed = attempts.at(-1)!;
  const failed = attempts
    .slice(0, -1)
    .map((attempt) => `${basename(attempt.model)} did not pass: ${failureOf(attempt)}.`);
  const { sha256, measured } = passed;
  return [
    `Embed ${basename(model ?? '')} in the kernel`,
    '',
    `SHA-256 ${sha256}; loaded in ${measured.loadMs?.toFixed(0) ?? '?'} ms.`,
    ...failed,
  ].join('\n');
}
