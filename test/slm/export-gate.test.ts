import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assets } from '../../src/config/assets.ts';
import { configSchema } from '../../src/protocol/config.ts';
import type { Tensor, Value } from '../../src/slm/gguf/format.ts';
import { readGguf } from '../../src/slm/gguf/reader.ts';
import { writeGguf } from '../../src/slm/gguf/writer.ts';
import { hostProgram } from '../../src/slm/host/host-program.ts';
import { runStage } from '../../src/slm/pipeline/run-stage.ts';
import { pythonVariables, type Python } from '../../src/slm/python/environment.ts';
import { manifestRecord, type ManifestRecord } from '../../src/slm/records/format.ts';
import { RECORDS } from '../../src/slm/records/paths.ts';
import { artefactAt } from '../../src/slm/records/write.ts';
import { createSandbox } from '../../src/tools/sandbox/create.ts';
import { loadChecks } from '../../src/validation/slm/elsewhere.ts';
import { JudgeError, PythonJudge } from '../../src/validation/slm/judge.ts';
import type { ModelTree } from '../../src/validation/slm/tree.ts';
import { pipelinePython } from './python.ts';

const { shippedModels } = assets();
const HASH = 'd'.repeat(64);

/** The gate with all that it is in a run: Python in the sandbox, the kernel's engine, the model that ships. */
describe('an exported model in other programs', function () {
  this.timeout(900_000);
  let root: string;
  let tree: ModelTree;
  let python: Python;
  /** Also judged by llama.cpp's own reader, where Python has it. */
  let reader: string[];

  before(async function () {
    python = await pipelinePython(this);
    root = realpathSync(mkdtempSync(join(tmpdir(), 'auton-export-')));
    const [path, folder, scratch] = ['worktree', 'slm', 'scratch'].map((name) => join(root, name));
    for (const made of [join(path!, RECORDS.models), join(folder!, 'data'), scratch!])
      mkdirSync(made, { recursive: true });
    tree = {
      ...{ path: path!, folder: folder!, goals: {} },
      judge: new PythonJudge({
        ...{ python, scratch: scratch!, readable: [path!, folder!], timeoutMs: 600_000, signal: undefined },
        engine: () => hostProgram({ ...process.env, XDG_CACHE_HOME: join(root, 'cache') }),
        sandbox: await createSandbox(configSchema.parse({}).sandbox, { hide: [] }),
      }),
    };
    const record = { name: 'data', hash: HASH, statistics: {} };
    writeFileSync(join(tree.path, RECORDS.data), JSON.stringify(record));
    copyFileSync(join(shippedModels, 'mini_3M.tokenizer.model'), join(tree.folder, 'data/tokenizer.model'));
    const env = { ...process.env, ...pythonVariables(python) };
    const { status } = spawnSync(python.program, ['-c', 'import gguf'], { env });
    reader = status === 0 ? ['export_reader'] : [];
    if (status !== 0) console.log("      without llama.cpp's own reader: the package gguf is not installed");
    const script = join(import.meta.dirname, 'validation_set.py');
    execFileSync(python.program, [script, join(tree.folder, 'data')], { env });
    await checkpointOf('mini_3M.onnx', 'best.pt');
    await checkpointOf('mini_3M-Q8_0.gguf', 'int8.pt');
  });
  after(() => root && rmSync(root, { recursive: true, force: true }));

  const checkpointOf = (model: string, out: string) =>
    runStage({
      ...{ stage: 'import_model', python, cwd: root },
      options: { model: join(shippedModels, model), out: join(tree.folder, out) },
    });

  /** What the gate finds in a file that is said to be made from this checkpoint: the names of what failed, and why. */
  async function judged(bytes: Uint8Array, checkpoint = 'int8.pt', file = 'mini_3M-Q8_0.gguf') {
    writeFileSync(join(tree.path, RECORDS.models, file), bytes);
    const shipped = JSON.parse(readFileSync(join(shippedModels, 'mini_3M-Q8_0.gguf.json'), 'utf8')) as object;
    const manifest: ManifestRecord = manifestRecord.parse({
      ...{ ...shipped, file, data_hash: HASH },
      checkpoint: await artefactAt(tree.folder, checkpoint),
    });
    const checks = await loadChecks(tree, file, manifest).catch((error: unknown) => {
      if (!(error instanceof JudgeError)) throw error;
      return [{ name: 'unreadable', passed: false, detail: error.message }];
    });
    const failed = checks.filter(({ passed }) => !passed);
    const said = failed.map(({ detail }) => detail).join('\n');
    return { names: failed.map(({ name }) => name), said, checks };
  }

  const shipped = () => readFileSync(join(shippedModels, 'mini_3M-Q8_0.gguf'));
  /** The shipped model with something changed; every forgery gives it a manifest that fits. */
  function forged(change: (keys: Map<string, Value>, tensors: Map<string, Tensor>) => void): Uint8Array {
    const { keys, tensors } = readGguf(shipped());
    const named = new Map(tensors.map((tensor) => [tensor.name, { ...tensor }]));
    change(keys, named);
    return writeGguf(keys, [...named.values()]);
  }
  function items(keys: Map<string, Value>, name: string): unknown[] {
    const value = keys.get(`tokenizer.ggml.${name}`);
    assert.ok(value?.type === 'array');
    return value.items as unknown[];
  }

  it('computes there what its checkpoint computes: Q8_0, and F32', async () => {
    const { names, said, checks } = await judged(shipped());
    assert.deepEqual(names, [], said);
    assert.deepEqual(
      checks.map(({ name }) => name.replace('slm_', '')),
      ['export_gguf', 'export_logits', ...reader, 'export_engine', 'export_tokenizer'],
    );
    const out = join(root, 'mini_3M-F32.gguf');
    const data = join(tree.folder, 'data');
    const options = { checkpoint: join(tree.folder, 'best.pt'), data, out, type: 'F32' as const };
    await runStage({ stage: 'export_gguf', options, python, cwd: root });
    const float = await judged(readFileSync(out), 'best.pt', 'mini_3M-F32.gguf');
    assert.deepEqual(float.names, [], float.said);
  });

  it('is refused when its RoPE turns other pairs', async () => {
    const { names, said } = await judged(
      forged((keys, tensors) => {
        const head = Number((keys.get('llama.rope.dimension_count') as { value: number }).value);
        for (const [name, tensor] of tensors)
          if (/attn_[qk]\./.test(name)) tensor.data = halvesFirst(tensor, head);
      }),
    );
    assert.deepEqual(
      names,
      ['export_logits', ...reader, 'export_engine'].map((name) => `slm_${name}`),
    );
    assert.match(
      said,
      /in the kernel's engine: logits at \d+ places differ from its checkpoint's by [\d.]+ of/,
    );
  });

  it('is refused when two tensors are exchanged', async () => {
    const { names } = await judged(
      forged((_keys, tensors) => {
        const [a, b] = [1, 4].map((layer) => tensors.get(`blk.${layer}.attn_v.weight`)!);
        [a!.data, b!.data] = [b!.data, a!.data];
      }),
    );
    assert.deepEqual(
      names,
      ['export_logits', ...reader, 'export_engine'].map((name) => `slm_${name}`),
    );
  });

  it('is refused when its tokenizer is another', async () => {
    const exchanged = await judged(
      forged((keys) => {
        const tokens = items(keys, 'tokens');
        const [a, b] = [tokens.indexOf('▁install'), tokens.indexOf('▁which')];
        [tokens[a], tokens[b]] = [tokens[b], tokens[a]];
      }),
    );
    assert.deepEqual(exchanged.names, ['slm_export_tokenizer']);
    assert.match(
      exchanged.said,
      /the kernel's engine cuts ".*" into other tokens than the data set's tokenizer/,
    );
    const flat = await judged(forged((keys) => void items(keys, 'scores').fill(0)));
    assert.deepEqual(flat.names, ['slm_export_tokenizer']);
    const spoken = await judged(
      forged((keys) => (items(keys, 'token_type')[items(keys, 'tokens').indexOf('<SAY>')] = 1)),
    );
    assert.deepEqual(spoken.names, ['slm_export_tokenizer']);
  });

  it('is refused when only our own reader takes it', async () => {
    const experts = forged((keys) => keys.set('llama.expert_count', { type: 'u32', value: 8 }));
    assert.match(
      (await judged(experts)).said,
      /the kernel's engine does not take mini_3M-Q8_0\.gguf: .*experts/,
    );
    const { names } = await judged(
      forged((keys) => keys.set('llama.rope.freq_base', { type: 'f32', value: 5e5 })),
    );
    assert.deepEqual(names, ['slm_export_logits', 'slm_export_engine', 'slm_export_tokenizer']);
  });
});

/** Rows of each head in the order of a model that turns (i, i + half) for RoPE: evens first, then odds. */
function halvesFirst({ data, shape }: Tensor, head: number): Uint8Array {
  const rows = shape[1]!;
  const bytes = data.length / rows;
  const out = new Uint8Array(data.length);
  for (let row = 0; row < rows; row++) {
    const place = row % head;
    const from = row - place + (place < head / 2 ? 2 * place : 2 * place - head + 1);
    out.set(data.subarray(from * bytes, (from + 1) * bytes), row * bytes);
  }
  return out;
}
