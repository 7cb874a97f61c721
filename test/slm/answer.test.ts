import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openAnswerer, type Answerer } from '../../src/slm/answer/answerer.ts';
import { readGrammar } from '../../src/slm/answer/grammar.ts';
import { normalize } from '../../src/slm/answer/normalize.ts';
import { readGguf } from '../../src/slm/gguf/reader.ts';
import { packOnnx } from '../../src/slm/onnx/pack.ts';
import { Tokenizer } from '../../src/slm/tokenizer/bpe.ts';
import { vocabularyOfGguf, vocabularyOfModel } from '../../src/slm/tokenizer/vocabulary.ts';
import { writeModel } from '../fixtures/slm/model-copy.ts';
import { onnxRuntime } from '../fixtures/slm/onnx-runtime.ts';

const root = join(import.meta.dirname, '../..');
const models = join(root, 'SLM/models');
const grammar = join(root, 'SLM/GRAMMAR.md');

/** What `test/slm/record_answers.py` wrote. */
interface Recorded {
  model: string;
  lines: { line: string; tokens: number[]; normalized: string }[];
  answers: { line: string; label: string; probability: number; action: string; text: string }[];
}
const recorded = JSON.parse(readFileSync(join(root, 'test/fixtures/slm/answers.json'), 'utf8')) as Recorded;

describe("the editor's twin of the SLM pipeline", () => {
  it('was compared with the model that ships', () => {
    const manifest = JSON.parse(readFileSync(join(models, 'mini_3M.onnx.json'), 'utf8')) as {
      sha256: string;
    };
    assert.equal(manifest.sha256, recorded.model, 'record anew: see test/slm/record_answers.py');
  });

  const vocabularies = {
    'a SentencePiece file': () => vocabularyOfModel(readFileSync(join(models, 'mini_3M.tokenizer.model'))),
    'a GGUF file': () => vocabularyOfGguf(readGguf(readFileSync(join(models, 'mini_3M-Q4_0.gguf')))),
  };
  for (const [name, vocabulary] of Object.entries(vocabularies)) {
    it(`cuts odd lines into the same tokens, with the vocabulary of ${name}`, () => {
      const tokenizer = new Tokenizer(vocabulary());
      assert.ok(recorded.lines.length > 300);
      for (const { line, tokens } of recorded.lines)
        assert.deepEqual(tokenizer.encode(line), tokens, JSON.stringify(line));
    });
  }

  it('writes odd lines as the model is used to see them', () => {
    for (const { line, normalized } of recorded.lines)
      assert.equal(normalize(line), normalized, JSON.stringify(line));
  });

  it('knows every action of the grammar, with its sentence', () => {
    const actions = [...readGrammar(readFileSync(grammar, 'utf8')).values()].flat();
    assert.equal(actions.filter(({ words }) => words.join(' ').startsWith('count kind ')).length, 12);
    assert.ok(actions.every(({ text }) => text !== ''));
    assert.equal(actions.find(({ slot }) => slot === 'words')?.span, 4);
  });

  describe('with ONNX Runtime', () => {
    let runtime: string;
    before('get ONNX Runtime', async function () {
      this.timeout(900_000);
      runtime = await onnxRuntime(this);
    });

    const answersAlike = async ({ answer }: Answerer, tolerance: number) => {
      const different: string[] = [];
      for (const { line, ...expected } of recorded.answers) {
        if (normalize(line) === '') continue; // no model is asked
        const { label, probability, action, text } = await answer(line);
        const said = JSON.stringify({ label, action, text });
        const { probability: share, ...rest } = expected;
        if (said !== JSON.stringify(rest) || Math.abs(probability - share) > tolerance)
          different.push(`${line}: ${said} ${probability}, not ${JSON.stringify(expected)}`);
      }
      return different;
    };

    it('answers as the pipeline does', async () => {
      const answerer = await openAnswerer({ model: join(models, 'mini_3M.onnx'), grammar, runtime });
      assert.deepEqual(await answersAlike(answerer, 2e-4), []);
    });

    it('answers nearly as often alike with the weights in bytes, in less than a third of the size', async () => {
      const whole = readFileSync(join(models, 'mini_3M.onnx'));
      const packed = packOnnx(whole);
      assert.ok(packed.length < whole.length / 3, `${packed.length} bytes of ${whole.length}`);
      const model = writeModel(packed);
      const different = await answersAlike(await openAnswerer({ model, grammar, runtime }), 0.1);
      assert.ok(different.length <= recorded.answers.length / 50, different.join('\n'));
    });

    it('refuses a file that is not what its manifest says, and one that lacks its tokenizer', async () => {
      const whole = readFileSync(join(models, 'mini_3M.onnx'));
      const spoilt = writeModel(whole, { sha256: '0'.repeat(64) });
      await assert.rejects(openAnswerer({ model: spoilt, grammar, runtime }), /its SHA-256 differs/);
      const alone = writeModel(whole, { tokenizer: false });
      await assert.rejects(openAnswerer({ model: alone, grammar, runtime }), /no tokenizer beside it/);
      const broken = writeModel(whole.subarray(0, 1000));
      await assert.rejects(openAnswerer({ model: broken, grammar, runtime }), /The model cannot be used/);
    });

    it('is unsure of what is no business of a kernel', async () => {
      const { answer } = await openAnswerer({ model: join(models, 'mini_3M.onnx'), grammar, runtime });
      const { intent, unsure, label } = await answer('the weather in oslo tomorrow');
      assert.deepEqual([label, intent, unsure], ['OTHER', 'TROUBLESHOOT', true]);
      assert.equal((await answer('what is 8086:100e')).unsure, false);
    });
  });
});
