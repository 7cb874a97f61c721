import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assets } from '../../src/config/assets.ts';
import { pythonVariables } from '../../src/slm/python/environment.ts';
import { buildHarness } from '../kernel/slm/harness.ts';
import { pipelinePython } from './python.ts';

const KERNEL_SETS = join(import.meta.dirname, '../kernel/slm');
const SETS = [
  join(assets().slmPackage, 'auton_slm/data/heldout/intents.tsv'),
  join(KERNEL_SETS, 'intents-a.tsv'),
  join(KERNEL_SETS, 'intents-b.tsv'),
];
/** In 1/10000: the kernel cuts its shares to whole numbers, and powers of two to 16 bits. */
const ROUNDING = 2;

/** Lines of any bytes but newlines and zeros. */
function oddLines(count: number): Buffer {
  let state = 11;
  const random = (n: number) => (state = (state * 1103515245 + 12345) & 0x7fffffff) % n;
  const line = () => Array.from({ length: 1 + random(80) }, () => [9, 32, 11 + random(245)][random(3)]!);
  return Buffer.from(Array.from({ length: count }, () => [...line(), 10]).flat());
}

describe("the kernel's table of intents", function () {
  this.timeout(900_000);
  let folder: string;

  before(() => (folder = mkdtempSync(join(tmpdir(), 'auton-intents-'))));
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('says the same in the kernel and in the pipeline, of held-out sentences and of any bytes', async function () {
    const python = await pipelinePython(this);
    const sentences = SETS.flatMap((file) => readFileSync(file, 'utf8').split('\n'))
      .filter((line) => line.includes('\t') && !line.startsWith('#'))
      .map((line) => `${line.split('\t')[1]}\n`);
    const input = Buffer.concat([Buffer.from(sentences.join('')), oddLines(300)]);
    const kernel = execFileSync(buildHarness(folder), ['shares'], { input, encoding: 'utf8' })
      .trimEnd()
      .split('\n')
      .map((line) => line.split('\t').map(Number));
    const pipeline = spawnSync(python.program, ['-W', 'ignore', join(import.meta.dirname, 'shares.py')], {
      input,
      encoding: 'utf8',
      env: { ...process.env, ...pythonVariables(python) },
    });
    assert.equal(pipeline.status, 0, pipeline.stderr);
    const expected = JSON.parse(pipeline.stdout) as number[][];
    assert.equal(kernel.length, expected.length);
    for (const [i, shares] of kernel.entries()) {
      const far = shares.map((share, label) => Math.abs(share - (expected[i]?.[label] ?? NaN)));
      assert.ok(
        Math.max(...far) <= ROUNDING,
        `line ${i}: ${shares.join(' ')}, not ${expected[i]?.join(' ')}`,
      );
    }
  });
});
