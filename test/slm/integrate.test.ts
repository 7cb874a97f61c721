import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { acceptanceFile, assets } from '../../src/config/assets.ts';
import { commitPaths, startFrom } from '../../src/git/commit-paths.ts';
import { configSchema } from '../../src/protocol/config.ts';
import type { Architecture } from '../../src/protocol/roles.ts';
import { integrationHost } from '../../src/run/integration-host.ts';
import { readGguf } from '../../src/slm/gguf/reader.ts';
import { writeGguf } from '../../src/slm/gguf/writer.ts';
import { integrateModel, type Integration } from '../../src/slm/integrate/integrate.ts';
import { failureOf, reportSchema } from '../../src/slm/integrate/report.ts';
import { createSandbox } from '../../src/tools/sandbox/create.ts';
import { modelFile } from '../kernel/neural/models.ts';

const { referenceKernel, shippedModels, specFolder } = assets();
const shipped = (type: string) => join(shippedModels, `mini_3M-${type}.gguf`);

/** Builds and boots cost seconds each: every architecture has one integration that passes, and each another story. */
describe('a model that becomes part of a kernel', function () {
  this.timeout(1_800_000);
  let folder: string;
  const said: string[] = [];

  before(() => (folder = mkdtempSync(join(tmpdir(), 'auton-integrate-'))));
  after(() => rmSync(folder, { recursive: true, force: true }));

  async function integrate(
    architecture: Architecture,
    models: [string, ...string[]],
  ): Promise<Integration & { tree: string }> {
    const config = configSchema.parse({});
    const tree = join(folder, architecture);
    if (!existsSync(tree)) await startFrom(referenceKernel, tree);
    const host = integrationHost({
      ...{
        tree,
        architecture,
        kernel: config.kernel,
        accel: 'tcg',
        acceptanceFile: acceptanceFile(specFolder),
      },
      ...{ runFolder: join(folder, 'evidence'), env: process.env, signal: new AbortController().signal },
      ...{ buildTimeoutMs: 900_000, bootTimeoutMs: 120_000 },
      sandbox: await createSandbox(config.sandbox, { hide: [] }),
      commit: (paths, message) => commitPaths(tree, paths, message),
      say: (line) => said.push(line),
    });
    return { ...(await integrateModel({ tree, architecture, models, host })), tree };
  }
  const git = (tree: string, ...args: string[]) =>
    execFileSync('git', ['-C', tree, ...args], { encoding: 'utf8' });
  const file = (name: string, bytes: Uint8Array): string => {
    writeFileSync(join(folder, name), bytes);
    return join(folder, name);
  };

  it('falls back along the ladder, for the real reason each time, and is committed with its report', async () => {
    const whole = readFileSync(shipped('Q8_0'));
    const cut = file('cut.gguf', whole.subarray(0, whole.length - 100_000));
    const forged = file('forged.gguf', whole);
    copyFileSync(`${shipped('Q4_0')}.json`, `${forged}.json`);
    const { keys, tensors } = readGguf(whole);
    keys.set('llama.expert_count', { type: 'u32', value: 8 });
    const experts = file('experts.gguf', writeGguf(keys, tensors));

    const { report, kernel, commit, tree } = await integrate('x86_64', [
      cut,
      forged,
      experts,
      shipped('Q4_0'),
    ]);
    const reasons = report.attempts.map(failureOf);
    assert.match(reasons[0] ?? '', /cut\.gguf is damaged: the file is truncated/);
    assert.match(reasons[1] ?? '', /forged\.gguf\.json says \d+ bytes/);
    assert.match(reasons[2] ?? '', /experts.*rules answer/);
    assert.equal(reasons[3], null, said.join('\n'));
    assert.equal(report.outcome, 'fallback');
    assert.ok(kernel && existsSync(kernel));

    const stored = reportSchema.parse(
      JSON.parse(readFileSync(join(tree, 'integration_test_report.json'), 'utf8')),
    );
    assert.deepEqual(stored, report);
    const passed = report.attempts[3]!;
    const names = [
      'model_file',
      'build',
      'symbols',
      'size',
      'boot',
      'load',
      'answers',
      'boot_time',
      'regression',
    ];
    assert.deepEqual(
      passed.checks.map(({ name }) => name),
      names,
    );
    assert.equal(passed.answers.length, 4);
    assert.match(
      git(tree, 'log', '-1', '--format=%H %B'),
      new RegExp(`^${commit} Embed mini_3M-Q4_0\\.gguf[^]*cut\\.gguf did not pass`),
    );
    assert.equal(git(tree, 'status', '--porcelain'), '');
    assert.match(git(tree, 'ls-files', 'slm/models'), /mini_3M-Q4_0\.gguf\n.*mini_3M-Q4_0\.gguf\.json/);
  });

  it('leaves the tree as it was when no model passes, and the rules answer', async () => {
    const broken = file('broken.gguf', readFileSync(shipped('Q4_0')).subarray(0, 1000));
    const tree = join(folder, 'x86_64');
    if (!existsSync(tree)) await startFrom(referenceKernel, tree);
    const before = git(tree, 'rev-parse', 'HEAD');
    const { report, kernel, commit } = await integrate('x86_64', [broken]);
    assert.deepEqual([report.outcome, report.model, kernel, commit], ['rules', null, null, null]);
    assert.match(report.rules[0]?.answer ?? '', /82574L/);
    assert.deepEqual([git(tree, 'rev-parse', 'HEAD'), git(tree, 'status', '--porcelain')], [before, '']);
  });

  it('is the shipped one on AArch64', async () => {
    const { report } = await integrate('aarch64', [shipped('Q8_0')]);
    assert.deepEqual(
      [report.outcome, report.attempts.map(failureOf)],
      ['integrated', [null]],
      said.join('\n'),
    );
  });

  it('may be any Llama model, on RISC-V', async () => {
    const shape = {
      dim: 64,
      layers: 2,
      heads: 4,
      kvHeads: 2,
      ffn: 96,
      vocab: 400,
      type: 'Q8_0',
      tied: true,
    } as const;
    const own = file('own.gguf', modelFile(shape));
    const { report } = await integrate('riscv64', [own]);
    assert.deepEqual(
      [report.outcome, report.attempts.map(failureOf)],
      ['integrated', [null]],
      said.join('\n'),
    );
    assert.equal(report.model, `slm/models/${basename(own)}`);
  });
});
