import assert from 'node:assert/strict';
import { rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import type { ModelStage } from '../../../../src/validation/slm/validate.ts';
import { gguf, ModelTree } from '../../../fixtures/model-tree.ts';

const TRAINING: ModelStage = { kind: 'training', name: 'candidate-1' };
const QUANTIZATION: ModelStage = { kind: 'quantization', required: 'int8' };
const STAGES: ModelStage[] = [
  ...(['data', 'architecture', 'choice', 'evaluation', 'export', 'acceptance', 'hashes'] as const).map(
    (kind) => ({ kind }),
  ),
  TRAINING,
  QUANTIZATION,
];

describe('the gates of a model in the making', () => {
  let tree: ModelTree;
  beforeEach(() => (tree = new ModelTree()));
  afterEach(() => tree.remove());

  async function refuses(stage: ModelStage, check: string, reason: RegExp): Promise<void> {
    const { passed, tests } = await tree.judge(stage);
    assert.equal(passed, false, 'it passed');
    const failed = tests.filter((test) => !test.passed);
    assert.deepEqual([...new Set(failed.map(({ name }) => name))], [`slm_${check}`]);
    assert.match(failed[0]?.detail ?? '', reason);
  }

  it('let an honest model pass', async () => {
    for (const stage of STAGES) {
      const { passed, summary, tests } = await tree.judge(stage);
      assert.ok(passed, summary);
      assert.ok(tests.length > 0, stage.kind);
    }
  });

  it('want a record of everything', async () => {
    for (const [stage, record] of [
      [{ kind: 'data' }, 'data.json'],
      [TRAINING, 'training/candidate-1.json'],
      [{ kind: 'choice' }, 'training/choice.json'],
      [{ kind: 'evaluation' }, 'evaluation.json'],
      [{ kind: 'export' }, 'models/model.onnx.json'],
    ] as [ModelStage, string][]) {
      tree.remove();
      tree = new ModelTree();
      rmSync(join(tree.worktree, 'SLM', record));
      await refuses(stage, `${stage.kind}_record`, new RegExp(`SLM/${record} is missing`));
      tree.write(`SLM/${record}`, '{"name": 1}');
      await refuses(stage, `${stage.kind}_record`, /is no such record/);
    }
  });

  describe('of data', () => {
    it('notice a hash of other files', () => {
      tree.found.data = { ...tree.found.data, hash: 'e'.repeat(64) };
      return refuses({ kind: 'data' }, 'data_hash', /the files have.*eeee|hash eeee.*record says dddd/i);
    });

    it('notice statistics that are made up', () => {
      tree.change('SLM/data.json', ({ statistics }) => {
        (statistics as { train: { examples: number } }).train.examples = 100_000;
      });
      return refuses({ kind: 'data' }, 'data_statistics', /record says 100000, the files have 100/);
    });

    it('notice held-out sentences among those that are trained on', async () => {
      tree.found.data = { ...tree.found.data, held_out_in_training: 1 };
      await refuses({ kind: 'data' }, 'data_leak', /1 held-out sentences/);
      const { parts } = tree.found.data;
      const leaked = { ...parts, validation: { ...parts.validation, in_training: 60 } };
      tree.found.data = { ...tree.found.data, held_out_in_training: 0, parts: leaked };
      await refuses({ kind: 'data' }, 'data_leak', /0\.6 of the unseen templates/);
    });
  });

  describe('of a training', () => {
    const LOG = 'SLM/training/candidate-1.jsonl';
    const edit = (from: string, to: string) => {
      const text = tree.read(LOG);
      assert.ok(text.includes(from));
      tree.write(LOG, text.replace(from, to));
    };

    it('notice a line of the log that training never wrote', () => {
      edit('"loss":3', '"loss":2.9');
      return refuses(TRAINING, 'log_true', /never wrote this line/);
    });

    it('notice an evaluation or a divergence that was left out', () => {
      tree.write(
        LOG,
        tree
          .read(LOG)
          .split('\n')
          .filter((line) => !line.includes('"step":10,"validation'))
          .join('\n'),
      );
      return refuses(TRAINING, 'log_true', /1 events of the training are not in its log/);
    });

    it('refuse a loss that is no number, and one that does not fall', async () => {
      const spoil = (from: string, to: string) => {
        edit(from, to);
        tree.artefact('candidate-1/log.jsonl', tree.read(LOG));
      };
      spoil('"loss":3', '"loss": NaN');
      await refuses(TRAINING, 'log_numbers', /No number at step 10/);
      spoil('"loss": NaN', '"loss":3');
      spoil('"gradient":1.2', '"gradient":4000');
      await refuses(TRAINING, 'log_numbers', /gradient norm is 4000/);
      spoil('"gradient":4000', '"gradient":1.2');
      spoil('"loss":6', '"loss":1.6');
      await refuses(TRAINING, 'loss_falls', /From 1\.6 at the first step to 1\.5/);
    });

    it('notice a checkpoint that was exchanged, before anything reads it', async () => {
      tree.copy('slm/candidate-2/best.pt', 'slm/candidate-1/best.pt');
      await refuses(TRAINING, 'checkpoint_hash', /candidate-1\/best\.pt has the hash/);
      await refuses({ kind: 'hashes' }, 'checkpoint_hash', /the record says/);
    });

    it('notice a loss that the checkpoint does not have', async () => {
      tree.found.checkpoint.validation.loss = 1.7;
      await refuses(TRAINING, 'checkpoint_loss', /Measured again: loss 1\.7.*says 1\.5/);
      tree.found.checkpoint.validation.loss = 1.503; // other order of sums
      assert.ok((await tree.judge(TRAINING)).passed);
    });

    it('notice a record that says better than the log', () => {
      tree.change('SLM/training/candidate-1.json', (record) => {
        (record['validation'] as { loss: number }).loss = 1.495;
      });
      return refuses(TRAINING, 'checkpoint_step', /which the log has otherwise/);
    });

    it('refuse weights that are no numbers, another model and another data set', async () => {
      tree.found.checkpoint.finite = false;
      await refuses(TRAINING, 'checkpoint_finite', /some are no numbers/);
      tree.found.checkpoint.finite = true;
      tree.found.architecture = { ...tree.found.architecture, config: { model: { dim: 64 } as never } };
      await refuses(TRAINING, 'training_configuration', /must be the same/);
      tree.found.architecture = { ...tree.found.architecture, config: tree.found.checkpoint.config };
      tree.change('SLM/training/candidate-1.json', (record) => (record['data'] = 'a'.repeat(64)));
      await refuses(TRAINING, 'training_data', /the data set is dddd/);
    });
  });

  describe('of a choice', () => {
    it('want the lowest loss', () => {
      tree.write('SLM/training/choice.json', { name: 'candidate-2' });
      return refuses(
        { kind: 'choice' },
        'choice_best',
        /Chosen: candidate-2.*candidate-1 1\.5, candidate-2 1\.9/,
      );
    });

    it('want trainings that differ', () => {
      tree.change('SLM/training/candidate-2.json', (record) => {
        (record['config'] as { train: object }).train = { learning_rate: 0.006 };
      });
      return refuses({ kind: 'choice' }, 'choice_differs', /the same settings: candidate-1 and candidate-2/);
    });
  });

  describe('of an architecture', () => {
    it('want the size that the name says', () => {
      tree.found.architecture = { ...tree.found.architecture, name: 'tiny_10M' };
      return refuses(
        { kind: 'architecture' },
        'architecture_size',
        /tiny_10M has 10000 parameters, which is not/,
      );
    });

    it('want the vocabulary of the data set', () => {
      tree.change(
        'SLM/data.json',
        ({ statistics }) => ((statistics as { vocabulary: number }).vocabulary = 512),
      );
      return refuses({ kind: 'architecture' }, 'architecture_vocabulary', /300 tokens, the data set 512/);
    });
  });

  describe('of an evaluation', () => {
    const EVALUATION: ModelStage = { kind: 'evaluation' };
    const f32 = (record: Record<string, unknown>) =>
      (
        record['results'] as {
          precisions: { f32: typeof import('node:util') & Record<string, Record<string, unknown>> };
        }
      ).precisions.f32;

    it('notice a number that is better than what comes out again', () => {
      tree.change('SLM/evaluation.json', (record) => (f32(record)['perplexity'] = { answers: 1.2 }));
      return refuses(EVALUATION, 'evaluation_repeats', /perplexity\.answers is 2\.5, the report says 1\.2/);
    });

    it('take it that another device chose one other answer, not two', async () => {
      const says = (share: number) =>
        tree.change('SLM/evaluation.json', (record) => {
          const { own } = f32(record)['intents']!['model'] as { own: { by_label: Record<string, unknown> } };
          own.by_label['TROUBLESHOOT'] = { sentences: 20, share };
        });
      says(0.8);
      assert.ok((await tree.judge(EVALUATION)).passed, 'one of 20 answers was not enough of a difference');
      says(0.85);
      await refuses(EVALUATION, 'evaluation_repeats', /TROUBLESHOOT\.share is 0\.75, the report says 0\.85/);
    });

    it('notice a number that was left out', () => {
      tree.change('SLM/evaluation.json', (record) => delete f32(record)['intents']);
      return refuses(EVALUATION, 'evaluation_repeats', /intents\.model\.own\.intent is 0\.8/);
    });

    it('want the checkpoint that was chosen', () => {
      tree.write('SLM/training/choice.json', { name: 'candidate-2' });
      return refuses(EVALUATION, 'evaluated_checkpoint', /chosen is candidate-2/);
    });

    it('want what the tier asks for', () => {
      tree.found.benchmark['best.pt'] = 0.69;
      return refuses(EVALUATION, 'benchmark', /0\.69 of the hand-written sentences.*at least 0\.7/);
    });
  });

  describe('of a quantisation', () => {
    it('refuse 2 % of loss', () => {
      tree.found.benchmark['int8.pt'] = 0.783;
      return refuses(QUANTIZATION, 'int8_loss', /from 0\.8 to 0\.783: 2\.125 % lost/);
    });

    it('want the one that is configured', () =>
      refuses(
        { kind: 'quantization', required: 'int4' },
        'quantization_wanted',
        /Recorded: int8; wanted.*int4/,
      ));

    it('notice one that was made of another checkpoint, and one that was never rounded', async () => {
      tree.change('SLM/quantization/int8.json', (record) => {
        (record['source'] as { sha256: string }).sha256 = 'b'.repeat(64);
      });
      await refuses(QUANTIZATION, 'int8_source', /Made from bbbb/);
    });
  });

  describe('of an export', () => {
    const EXPORT: ModelStage = { kind: 'export' };

    it('notice a file that its manifest does not describe', () => {
      truncateSync(join(tree.worktree, 'SLM/models/model-Q8_0.gguf'), 5000);
      return refuses(EXPORT, 'export_hash', /model-Q8_0\.gguf has the hash/);
    });

    it('refuse a file that our reader refuses, whatever its manifest says', () => {
      const { sha256: _, ...checkpoint } = tree.artefact('candidate-1/int8.pt', 'rounded weights');
      tree.export('model-Q8_0.gguf', Buffer.from('GGUF, it says'), { ...checkpoint, sha256: _ });
      return refuses(EXPORT, 'export_gguf', /cannot be read: this is version/);
    });

    it('notice logits that are not the checkpoint’s', () => {
      tree.found.difference = 0.02;
      return refuses(EXPORT, 'export_logits', /differ from its checkpoint's by at most 2\.0e-2/);
    });

    it('notice weights that llama.cpp’s reader finds to be others', async () => {
      tree.found.reader = { version: '0.19.0', difference: 1e-6 };
      assert.ok((await tree.judge({ kind: 'export' })).passed);
      for (const [difference, said] of [
        [0.5, /model-Q8_0\.gguf in llama\.cpp's reader 0\.19\.0: logits differ .* 5\.0e-1/],
        [null, /no number/],
      ] as const) {
        tree.found.reader.difference = difference;
        await refuses({ kind: 'export' }, 'export_reader', said);
      }
    });

    it('notice a file that the kernel’s engine computes otherwise: a permuted RoPE, exchanged weights', async () => {
      tree.found.engine.rms = 0.6;
      await refuses(EXPORT, 'export_engine', /in the kernel's engine: .*differ.*by 0\.6 of their spread/);
      tree.found.engine.rms = 0.04;
      tree.found.engine.contradicted = 0.3;
      await refuses(EXPORT, 'export_engine', /the right one is ahead by 0\.3 at most/);
    });

    it('hold one in full precision to less', () => {
      const checkpoint = tree.artefact('candidate-1/best.pt', 'weights');
      tree.export('model-F32.gguf', gguf('F32'), checkpoint);
      return refuses(
        EXPORT,
        'export_engine',
        /model-F32\.gguf in the kernel's engine: .* by 1\.0e-1 \(at most 0\.01\)/,
      );
    });

    it('notice a tokenizer that cuts otherwise, and keys that an engine would believe', async () => {
      tree.found.engine.cut_otherwise = 'install firefox';
      await refuses(EXPORT, 'export_tokenizer', /cuts "install firefox" into other tokens/);
      tree.found.engine.cut_otherwise = null;
      tree.found.engine.other_keys = ['llama.rope.freq_base'];
      await refuses(EXPORT, 'export_tokenizer', /llama\.rope\.freq_base are not those of its checkpoint/);
    });

    it('want a file of the chosen checkpoint, and one of each format', async () => {
      tree.change('SLM/models/model.onnx.json', (record) => {
        record['checkpoint'] = tree.artefact('candidate-2/best.pt', 'other weights');
      });
      await refuses(EXPORT, 'export_checkpoint', /model\.onnx was made from/);
      rmSync(join(tree.worktree, 'SLM/models/model.onnx'));
      rmSync(join(tree.worktree, 'SLM/models/model.onnx.json'));
      await refuses(EXPORT, 'export_files', /missing: \.onnx/);
    });

    it('notice a model in the kernel that nobody judged', () => {
      tree.write('slm/models/other.gguf', 'another model');
      return refuses({ kind: 'hashes' }, 'embedded_model', /not that of an exported model/);
    });
  });

  describe('of an accepted model', () => {
    it('want what the exported file itself answers', () => {
      tree.found.benchmark['model-Q8_0.gguf'] = 0.75;
      return refuses({ kind: 'acceptance' }, 'exported_loss', /loses 6\.25 % of the benchmark/);
    });

    it('want a card that names every file', () => {
      tree.write('SLM/README.md', 'model.onnx\n');
      return refuses({ kind: 'acceptance' }, 'model_card', /does not name model-Q8_0\.gguf/);
    });
  });
});
