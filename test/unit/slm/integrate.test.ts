import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../../../src/protocol/errors.ts';
import { answersProblem, judge } from '../../../src/slm/integrate/answers.ts';
import { median, readBoot } from '../../../src/slm/integrate/boots.ts';
import { examineModel, ladderFor, ModelProblem } from '../../../src/slm/integrate/model-file.ts';
import { ModelPlace } from '../../../src/slm/integrate/model-place.ts';
import { modelFile } from '../../kernel/neural/models.ts';

const SMALL = { dim: 32, layers: 1, heads: 2, kvHeads: 1, ffn: 32, vocab: 300 };

describe('a model on its way into a kernel', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'auton-model-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function model(name = 'small.gguf', change: (bytes: Uint8Array) => Uint8Array = (bytes) => bytes): string {
    const file = join(folder, name);
    writeFileSync(file, change(modelFile(SMALL)));
    return file;
  }
  function manifest(file: string, values: object): void {
    const bytes = readFileSync(file);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    writeFileSync(`${file}.json`, JSON.stringify({ bytes: bytes.length, sha256, ...values }));
  }
  function problem(file: string, memoryMb = 128): string {
    try {
      examineModel(file, memoryMb);
    } catch (error) {
      if (error instanceof ModelProblem) return `${error.check}: ${error.message}`;
      throw error;
    }
    return 'none';
  }

  it('is refused when the file is damaged, of another kind or too large', () => {
    assert.equal(problem(model()), 'none');
    assert.match(
      problem(model('cut.gguf', (bytes) => bytes.subarray(0, bytes.length / 2))),
      /model_file: .*truncated/,
    );
    assert.match(
      problem(model('other.gguf', () => Buffer.from('<html>'))),
      /model_file: other\.gguf is damaged: this is no GGUF/,
    );
    assert.match(problem(join(folder, 'none.gguf')), /model_file: .*cannot be read/);
    const large = model('large.gguf', (bytes) => Buffer.concat([bytes, Buffer.alloc(3e6)]));
    assert.match(problem(large, 4), /fits_memory: .*too large for a machine with 4 MB/);
  });

  it('is refused when its manifest is of another file, and needs none', () => {
    const file = model();
    manifest(file, {});
    assert.equal(problem(file), 'none');
    manifest(file, { sha256: '0'.repeat(64) });
    assert.match(problem(file), /manifest: .*another SHA-256/);
    writeFileSync(`${file}.json`, 'no json');
    assert.match(problem(file), /manifest: .*cannot be read/);
  });

  it('has the same model in other precisions behind it, then smaller ones', () => {
    const sizes = {
      'big-Q8_0': 9000,
      'big-Q4_0': 5000,
      'big-F16': 18_000,
      tiny: 2000,
      'tiny-Q4_0': 1000,
      huge: 50_000,
    };
    for (const [name, size] of Object.entries(sizes))
      writeFileSync(join(folder, `${name}.gguf`), Buffer.alloc(size));
    const ladder = ladderFor(join(folder, 'big-Q8_0.gguf'), [join(folder, 'nowhere')]);
    const names = ladder.map((file) => file.slice(folder.length + 1, -'.gguf'.length));
    assert.deepEqual(names, ['big-F16', 'big-Q4_0', 'tiny', 'tiny-Q4_0']);
  });

  describe('in the tree', () => {
    let tree: string;
    const models = () => readdirSync(join(tree, 'slm/models')).toSorted();
    beforeEach(() => {
      tree = join(folder, 'tree');
      mkdirSync(join(tree, 'slm_model'), { recursive: true });
      writeFileSync(join(tree, 'slm_model/subsystem.mk'), '');
      mkdirSync(join(tree, 'slm/models'), { recursive: true });
      writeFileSync(join(tree, 'slm/models/old.gguf'), 'old');
    });

    it('takes the place of the one before, which comes back', async () => {
      const place = new ModelPlace(tree);
      const file = model();
      manifest(file, {});
      await place.put(file);
      assert.deepEqual(models(), ['small.gguf', 'small.gguf.json']);
      await place.put(model('second.gguf'));
      assert.deepEqual(models(), ['second.gguf']);
      place.restore();
      assert.deepEqual(models(), ['old.gguf']);
      assert.deepEqual(readdirSync(join(tree, 'slm')), ['models']);
    });

    it('is taken back when the process before was killed', async () => {
      await new ModelPlace(tree).put(model());
      new ModelPlace(tree); // of the next process
      assert.deepEqual(models(), ['old.gguf']);
    });

    it('leaves no folder where there was none', async () => {
      rmSync(join(tree, 'slm/models'), { recursive: true });
      const place = new ModelPlace(tree);
      await place.put(model());
      place.restore();
      assert.ok(!existsSync(join(tree, 'slm/models')));
    });

    it('may be the one that is there already', async () => {
      const place = new ModelPlace(tree);
      await place.put(join(tree, 'slm/models/old.gguf'));
      assert.equal(readFileSync(join(tree, 'slm/models/old.gguf'), 'utf8'), 'old');
    });

    it('needs a kernel that can run it', () => {
      rmSync(join(tree, 'slm_model'), { recursive: true });
      assert.throws(
        () => new ModelPlace(tree),
        (error: unknown) => error instanceof UserError && /no subsystem slm_model/.test(error.message),
      );
    });
  });
});

describe('what a kernel with a model is judged by', () => {
  it('answers must be sensible, true and quick', () => {
    const about = (prompt: string, answer: string, ms = 10) => answersProblem([judge(prompt, answer, ms)]);
    const intel = '8086:10d3 is the 82574L Gigabit Network Connection by Intel Corporation.';
    assert.equal(about('PCI device 8086:10d3 is', intel), null);
    assert.match(
      about('PCI device 8086:10d3 is', 'It is the 82540EM Gigabit Ethernet Controller.') ?? '',
      /wrong answer/,
    );
    assert.match(about('PCI device 8086:10d3 is', intel, 6000) ?? '', /took 6\.0 s/);
    assert.match(about('what is dead:beef', 'It is the Realtek RTL8139 network card.') ?? '', /wrong answer/);
    for (const noise of ['', 'ok', 'the the the the the the the the', '#&%$ /// ((( ~~~ ab cd ef ]]]]]]'])
      assert.match(about('hello there', noise) ?? '', /no sensible answer/, noise);
  });

  it('its boot is timed by its own clock, without the loading of the model', () => {
    const log = [
      '[MM] SLM pool: 131072 KB allocated',
      'SLM: Loading embedded neural model',
      '[SLM] Model of 3148224 parameters loaded in 38041 us (scalar)',
      'SLM: Neural backend ready',
      '[SLM] Loaded model: mini_3M',
      'SLM: Runtime initialized successfully',
      '[BOOT] Initialized in 87 ms',
    ];
    const boot = readBoot(log.join('\n'), 700);
    assert.deepEqual(
      { ...boot, ms: Math.round(boot.ms) },
      { ms: 49, loadMs: 38.041, poolKb: 131_072, model: 'mini_3M', why: null },
    );
    const refused = readBoot('[SLM] Neural backend: the model is damaged; the rules answer\n', 700);
    assert.equal(refused.model, null);
    assert.match(refused.why ?? '', /the model is damaged/);
    assert.equal(refused.ms, 700);
    assert.equal(median([3, 1, 2]), 2);
    assert.equal(median([4, 1, 2, 3]), 2.5);
  });
});
