import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pythonVariables, type Python } from '../../src/slm/python/environment.ts';
import { buildEngine, buildLlama, difference } from '../kernel/neural/engines.ts';
import { pipelinePython } from './python.ts';

const CONFIG = join(import.meta.dirname, 'tiny.yaml');

type Event = { event: string; message?: string; step?: number; reason?: string } & Record<string, unknown>;

describe('the SLM pipeline, on a model of seconds', function () {
  this.timeout(900_000);
  let folder: string;
  let data: string;
  let whole: Event[];

  let python: Python;

  before(async function () {
    python = await pipelinePython(this);
    folder = mkdtempSync(join(tmpdir(), 'auton-slm-'));
    data = join(folder, 'data');
    slm(...prepareArgs(data), '--processes', '1');
    whole = train('whole');
  });
  after(() => {
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  const prepareArgs = (out: string) => [
    'prepare_data',
    '--config',
    CONFIG,
    '--sources',
    join(folder, 'sources'),
    '--out',
    out,
  ];
  function invocation(args: string[], env: Record<string, string> = {}) {
    const [name = '', ...rest] = args;
    return {
      command: python.program,
      args: ['-W', 'ignore', '-m', 'auton_slm.cli', name, '--json', ...rest],
      // One thread: sums in the same order, so that losses are the same to the last bit.
      env: {
        ...process.env,
        ...pythonVariables(python),
        OMP_NUM_THREADS: '1',
        OMP_WAIT_POLICY: 'passive',
        ...env,
      },
    };
  }
  function attempt(args: string[], env?: Record<string, string>) {
    const { command, args: all, env: variables } = invocation(args, env);
    const { status, stdout, stderr } = spawnSync(command, all, { env: variables, encoding: 'utf8' });
    const events = stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Event);
    return { status, events, stderr };
  }
  function slm(...args: string[]): Event[] {
    const { status, events, stderr } = attempt(args);
    assert.equal(status, 0, stderr + JSON.stringify(events.at(-1)));
    return events;
  }
  /** Ends with this status and message, in words and not with a traceback. */
  function fails(args: string[], status: number, message: RegExp, env?: Record<string, string>) {
    const result = attempt(args, env);
    assert.equal(result.status, status, result.stderr);
    assert.match(last(result.events, 'error')?.message ?? result.stderr, message);
  }
  const trainArgs = (out: string) => [
    'train',
    '--config',
    CONFIG,
    '--data',
    data,
    '--out',
    join(folder, out),
    '--device',
    'cpu',
  ];
  const train = (out: string) => slm(...trainArgs(out));
  const last = (events: Event[], name: string) => events.findLast(({ event }) => event === name);
  const finalLoss = (events: Event[]) => last(events, 'evaluation')?.validation_loss as number;
  const checkpoint = () => join(folder, 'whole/best.pt');

  it('makes the same data of the same seed, in as many processes as there are', () => {
    const again = join(folder, 'again');
    const events = slm(...prepareArgs(again), '--processes', '2');
    const statistics = (at: string) =>
      JSON.parse(readFileSync(join(at, 'statistics.json'), 'utf8')) as {
        hash: string;
        licences: Record<string, string>;
      };
    assert.equal(statistics(again).hash, statistics(data).hash);
    assert.equal(last(events, 'done')?.hash, statistics(data).hash);
    assert.ok(Object.values(statistics(data).licences).every(Boolean));
  });

  it('leaves a data set as it was when another one does not come to its end, or cannot begin', async () => {
    const kept = join(folder, 'kept');
    cpSync(data, kept, { recursive: true });
    for (const out of [kept, join(folder, 'half')]) {
      const { command, args, env } = invocation([...prepareArgs(out), '--set', 'data.seed=9']);
      const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
      for await (const line of createInterface({ input: child.stdout }))
        if (/"train: /.test(line)) child.kill('SIGKILL');
    }
    for (const name of ['tokenizer.model', 'train.npz', 'statistics.json'])
      assert.ok(readFileSync(join(kept, name)).equals(readFileSync(join(data, name))), name);
    assert.deepEqual(readdirSync(join(folder, 'half')), ['unfinished']);

    fails([...prepareArgs(kept), '--tokenizer', CONFIG], 1, /tiny\.yaml: this is no SentencePiece model/);
    assert.ok(
      readFileSync(join(kept, 'tokenizer.model')).equals(readFileSync(join(data, 'tokenizer.model'))),
    );
  });

  it('has configurations of the size that they name', () => {
    const sizes = script('sizes.py', []) as Record<string, { configured: number; built: number }>;
    assert.ok(Object.keys(sizes).length >= 6);
    for (const [name, { configured, built }] of Object.entries(sizes)) {
      const [, number = '', unit = ''] = /_(\d+)([KM])$/.exec(name) ?? [];
      const named = Number(number) * (unit === 'K' ? 1e3 : 1e6);
      assert.equal(configured, built, name);
      assert.ok(Math.abs(built / named - 1) < 0.25, `${name} has ${built} parameters`);
    }
  });

  it('learns: the loss on unseen sentences falls', () => {
    const first = whole.find(({ event }) => event === 'step')?.loss as number;
    assert.ok(finalLoss(whole) < 0.8 * first, `${first} to ${finalLoss(whole)}`);
    assert.ok(((last(whole, 'evaluation')?.values_label as number) ?? 0) > 1 / 7, 'labels are guessed');
  });

  it('measures itself in full precision, as gates measure again, also where its steps are in bf16', () => {
    const [plain, beside] = script('measured.py', [checkpoint(), data]) as [object, object];
    assert.deepEqual(beside, plain);
  });

  it('goes on after kill -9 and ends with the very same loss', async () => {
    const { command, args, env } = invocation(trainArgs('killed'));
    const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
    for await (const line of createInterface({ input: child.stdout })) {
      const { event, step } = JSON.parse(line) as Event;
      if (event === 'evaluation' && step === 40) child.kill('SIGKILL');
    }
    const again = train('killed');
    assert.ok([20, 40].includes(last(again, 'resumed')?.step ?? 0), 'it began anew');
    assert.equal(finalLoss(again), finalLoss(whole));
  });

  it('takes back a step that gave no number, and trains more slowly from there', () => {
    mkdirSync(join(folder, 'diverged'));
    const { status, events } = attempt(trainArgs('diverged'), { AUTON_SLM_FAULT: 'nan@25' });
    assert.equal(status, 0);
    assert.match(last(events, 'diverged')?.reason ?? '', /the loss is nan at step 25/);
    assert.equal(last(events, 'resumed')?.step, 20);
    assert.ok(Number.isFinite(finalLoss(events)));
    const rate = (from: Event[]) => last(from, 'step')?.learning_rate as number;
    assert.ok(rate(events) < 0.6 * rate(whole), `${rate(events)} is not half of ${rate(whole)}`);
  });

  it('ends when it goes wrong again and again, by the size of the gradient too', () => {
    const guards = ['--set', 'train.max_gradient_norm=1e-6', '--set', 'train.max_retries=1'];
    const { status, events } = attempt([...trainArgs('wild'), ...guards]);
    assert.equal(status, 1);
    assert.match(last(events, 'diverged')?.reason ?? '', /the gradient norm is \d+ at step 0, more than 0/);
    assert.match(
      last(events, 'error')?.message ?? '',
      /Training went wrong 2 times, last with a learning rate of 0.0015/,
    );
  });

  it('ends in time, however many steps are left', () => {
    const events = slm(...trainArgs('timed'), '--set', 'train.steps=1000000', '--set', 'train.max_seconds=2');
    assert.equal(last(events, 'step')?.fraction, 1);
    assert.ok((last(events, 'done')?.step ?? 1e6) < 1e5);
  });

  it('keeps the last good checkpoint when the disk is full, and goes on from it', function () {
    if (process.platform === 'win32') this.skip();
    // A limit on the size of a file stands for the full disk: to a program they look the same.
    const { command, args, env } = invocation(trainArgs('full'));
    const out = join(folder, 'full');
    slm(...trainArgs('full'), '--set', 'train.steps=20', '--set', 'train.save_every=20');
    const before = readFileSync(join(out, 'last.pt'));
    const limited = ['-c', 'ulimit -f 100; exec "$@"', 'sh', command, ...args];
    const full = spawnSync('sh', limited, { env, encoding: 'utf8' });
    assert.equal(full.status, 1, full.stderr);
    assert.match(full.stdout, /There is no disk space for .*\.pt\. Free some and start again/);
    assert.ok(readFileSync(join(out, 'last.pt')).equals(before), 'the checkpoint is another');
    assert.deepEqual(
      readdirSync(out).filter((name) => name.endsWith('.part')),
      [],
    );
    const again = train('full');
    assert.equal(last(again, 'resumed')?.step, 20);
    assert.ok(Number.isFinite(finalLoss(again)));
  });

  it('learns the same in two processes', () => {
    const { command, args, env } = invocation(trainArgs('two'));
    const run = [
      '-m',
      'torch.distributed.run',
      '--nproc_per_node=2',
      '--master_port=0',
      '--rdzv-backend=c10d',
    ];
    const module = args.slice(args.indexOf('-m'));
    const both = spawnSync(command, [...run, '--rdzv-endpoint=localhost:0', ...module], {
      env,
      encoding: 'utf8',
    });
    assert.equal(both.status, 0, both.stderr);
    const events = both.stdout
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Event);
    assert.equal(last(events, 'begin')?.processes, 2);
    assert.ok(
      Math.abs(finalLoss(events) - finalLoss(whole)) < 0.02,
      `${finalLoss(events)} and ${finalLoss(whole)}`,
    );
    const odd = [...run, '--rdzv-endpoint=localhost:0', ...module, '--set', 'train.batch=31'];
    const refused = spawnSync(command, odd, { env, encoding: 'utf8' });
    assert.match(refused.stdout, /train\.batch \(31\) must be a multiple of 2: 2 processes/);
  });

  it('says so when a checkpoint is damaged, or the data set is missing', () => {
    cpSync(join(folder, 'whole'), join(folder, 'damaged'), { recursive: true });
    truncateSync(join(folder, 'damaged/last.pt'), 20_000);
    const { status, events } = attempt(trainArgs('damaged'));
    assert.equal(status, 1);
    assert.match(last(events, 'error')?.message ?? '', /last\.pt is damaged/);
    const nowhere = join(folder, 'nowhere');
    const missing = attempt([
      'export_gguf',
      '--checkpoint',
      checkpoint(),
      '--data',
      nowhere,
      '--out',
      join(folder, 'x.gguf'),
    ]);
    assert.equal(missing.status, 1);
    assert.match(last(missing.events, 'error')?.message ?? '', /tokenizer\.model is missing/);
  });

  it('takes no data set whose tokens are others', () => {
    const other = join(folder, 'other');
    slm(...prepareArgs(other), '--processes', '1', '--set', 'data.seed=9');
    cpSync(join(folder, 'whole'), join(folder, 'mixed'), { recursive: true });
    fails(
      [...trainArgs('mixed'), '--data', other],
      2,
      /last\.pt was trained with another tokenizer than that of/,
    );
    const [to, rounded] = [['--out', join(folder, 'mixed/x')], join(folder, 'mixed/int8.pt')];
    slm('quantize', '--checkpoint', checkpoint(), '--to', 'int8', '--out', rounded);
    const mixed = [
      ['export_gguf', '--checkpoint', rounded, ...to],
      ['export_onnx', '--checkpoint', checkpoint(), ...to],
      ['evaluate', '--checkpoint', checkpoint(), ...to],
      ['quantize', '--checkpoint', checkpoint(), '--method', 'gptq', ...to],
    ];
    for (const args of mixed)
      fails([...args, '--data', other], 1, /trained with another tokenizer than that/);
  });

  it('names what is wrong with a configuration before it computes anything', () => {
    const cases: [string, RegExp][] = [
      ['model.heads=3', /model\.dim \(64\) must be a multiple of model\.heads \(3\)/],
      ['train.stepz=1', /unknown key 'stepz'/],
      ['train.steps=many', /steps must be int, not 'many'/],
      ['train.accumulate=5', /train\.batch \(32\) must be a multiple of train\.accumulate \(5\)/],
      ['model.vocab_size=1000', /the data set has 900 tokens, the configuration 1000/],
    ];
    for (const [value, message] of cases) fails([...trainArgs('never'), '--set', value], 2, message);
    fails([...trainArgs('never').slice(0, -1), 'tpu'], 2, /--device tpu: there are cpu, cuda/);
    fails(
      ['train', '--config', 'huge_9T', '--out', folder],
      2,
      /there is no configuration huge_9T; shipped ones: large_500M, /,
    );
    const blind = { CUDA_VISIBLE_DEVICES: '' };
    fails([...trainArgs('never').slice(0, -1), 'cuda'], 2, /--device cuda: PyTorch finds no GPU/, blind);
    assert.ok(!existsSync(join(folder, 'never')), 'something was written');
  });

  it('exports files that ONNX Runtime, the kernel and llama.cpp load and compute alike', async function () {
    const out = (name: string) => join(folder, name);
    const common = ['--checkpoint', checkpoint(), '--data', data];
    slm('export_onnx', ...common, '--out', out('tiny.onnx'));
    slm('export_gguf', ...common, '--type', 'F32', '--out', out('tiny.gguf'));
    slm('quantize', '--checkpoint', checkpoint(), '--to', 'int4', '--out', out('int4.pt'));
    slm('export_gguf', ...common, '--type', 'Q4_0', '--out', out('direct.gguf'));
    slm(
      'export_gguf',
      '--checkpoint',
      out('int4.pt'),
      '--data',
      data,
      '--type',
      'Q4_0',
      '--out',
      out('rounded.gguf'),
    );
    assert.ok(
      readFileSync(out('direct.gguf')).equals(readFileSync(out('rounded.gguf'))),
      'INT4 was rounded twice',
    );

    const texts = ['what is 8086:100e', 'install firefox', 'Zoë <SAY> 日本', '  two  spaces'];
    const { torch, onnx, tokens } = reference(out('tiny.onnx'), texts);
    const others = [await buildEngine(join(folder, 'host')), buildLlama(join(folder, 'host'))];
    for (const [i, rows] of torch.entries()) {
      const far = (logits: Float32Array[]) => Math.max(...difference(logits, rows).largest);
      assert.ok(far(onnx[i] ?? []) < 1e-4, 'ONNX differs');
      for (const other of others) {
        if (typeof other === 'string') console.log(`      without llama.cpp: ${other}`);
        else assert.ok(far(other.logits(out('tiny.gguf'), [1, ...(tokens[i] ?? [])])) < 1e-4, 'GGUF differs');
      }
    }
    const [, llama] = others;
    for (const other of others)
      if (typeof other !== 'string') assert.deepEqual(other.tokenize(out('tiny.gguf'), texts), tokens);
    if (typeof llama !== 'object') return;
    for (const type of ['Q8_0', 'Q4_0']) {
      const [ours, theirs] = [out(`ours-${type}.gguf`), out(`theirs-${type}.gguf`)];
      slm('export_gguf', ...common, '--type', type, '--out', ours);
      llama.run(['quantize', out('tiny.gguf'), theirs, type]);
      const ids = [1, ...(tokens[0] ?? [])];
      assert.deepEqual(
        llama.logits(ours, ids),
        llama.logits(theirs, ids),
        `${type}: not as llama.cpp rounds`,
      );
    }
  });

  it('rounds so that exports lose nothing more, and with examples so that less is lost', () => {
    const place = join(folder, 'rounding');
    mkdirSync(place);
    type Rounded = Record<'rtn' | 'gptq' | 'awq', { error: number; kept: boolean }>;
    const measured = script('rounding.py', [checkpoint(), data, place]) as Record<string, Rounded>;
    assert.deepEqual(Object.keys(measured), ['int8', 'int4']);
    for (const [to, { rtn, gptq, awq }] of Object.entries(measured)) {
      for (const { kept } of [rtn, gptq, awq]) assert.ok(kept, `${to}: an export changed the weights`);
      assert.ok(rtn.error > 0);
      assert.ok(gptq.error < rtn.error, `${to}: gptq ${gptq.error}, rtn ${rtn.error}`);
      // Of a model of seconds AWQ gains in INT8 only.
      assert.ok(
        awq.error < (to === 'int8' ? 1 : 1.1) * rtn.error,
        `${to}: awq ${awq.error}, rtn ${rtn.error}`,
      );
    }
  });

  it('says what a quantisation needs, and refuses one that it does not have', () => {
    const cases: [string[], RegExp][] = [
      [['--method', 'magic'], /--method magic: there are rtn .*, gptq .*, awq/],
      [['--to', 'int2'], /--to int2: there are int8, int4/],
      [['--method', 'gptq'], /--method gptq looks at examples: --data is the folder/],
    ];
    for (const [args, message] of cases)
      fails(['quantize', '--checkpoint', checkpoint(), '--out', join(folder, 'q.pt'), ...args], 1, message);
  });

  it('makes a checkpoint again of what it exported', () => {
    const common = ['--checkpoint', checkpoint(), '--data', data];
    const files = ['again.onnx', 'again.gguf'].map((name) => join(folder, name));
    slm('export_onnx', ...common, '--out', files[0] ?? '');
    slm('export_gguf', ...common, '--type', 'F32', '--out', files[1] ?? '');
    const expected = readFileSync(files[1] ?? '');
    for (const file of files) {
      slm('import_model', '--model', file, '--out', `${file}.pt`);
      slm(
        'export_gguf',
        '--checkpoint',
        `${file}.pt`,
        '--data',
        data,
        '--type',
        'F32',
        '--out',
        `${file}.gguf`,
      );
      assert.ok(readFileSync(`${file}.gguf`).equals(expected), `${file} lost something`);
    }
    truncateSync(files[1] ?? '', 5000);
    fails(['import_model', '--model', files[1] ?? '', '--out', join(folder, 'x.pt')], 1, /ends within/);
    rmSync(`${files[0]}.json`);
    fails(
      ['import_model', '--model', files[0] ?? '', '--out', join(folder, 'x.pt')],
      1,
      /onnx\.json is missing/,
    );
  });

  it('trains on from an imported model, whatever its precision, and keeps it where it is the best', () => {
    for (const type of ['F32', 'Q8_0']) {
      const [exported, out] = [join(folder, `on-${type}.gguf`), `on-${type}`];
      const best = join(folder, out, 'best.pt');
      slm('export_gguf', '--checkpoint', checkpoint(), '--data', data, '--type', type, '--out', exported);
      slm('import_model', '--model', exported, '--out', best);
      const imported = readFileSync(best);
      const ruins = ['--set', 'train.steps=2', '--set', 'train.warmup=0', '--set', 'train.learning_rate=0.9'];
      const little = ['--set', 'train.steps=2', '--set', 'train.learning_rate=1e-6'];
      const events = slm(...trainArgs(out), ...(type === 'F32' ? little : ruins));
      const nearness = finalLoss(events) / finalLoss(whole) - 1;
      if (type === 'F32') assert.ok(Math.abs(nearness) < 0.02, 'its weights are others');
      else assert.ok(nearness > 0.1 && readFileSync(best).equals(imported), 'a worse one took its place');
    }
  });

  it('ships files of one and the same model', () => {
    const shipped = join(import.meta.dirname, '../../SLM/models');
    const tokenizer = join(folder, 'shipped');
    mkdirSync(tokenizer);
    copyFileSync(join(shipped, 'mini_3M.tokenizer.model'), join(tokenizer, 'tokenizer.model'));
    const [float, q8] = [join(folder, 'shipped.pt'), join(folder, 'shipped.gguf')];
    slm('import_model', '--model', join(shipped, 'mini_3M.onnx'), '--out', float);
    slm('export_gguf', '--checkpoint', float, '--data', tokenizer, '--type', 'Q8_0', '--out', q8);
    assert.ok(
      readFileSync(q8).equals(readFileSync(join(shipped, 'mini_3M-Q8_0.gguf'))),
      'Q8_0 is of other weights',
    );
    const q4 = join(folder, 'shipped-q4');
    slm('import_model', '--model', join(shipped, 'mini_3M-Q4_0.gguf'), '--out', `${q4}.pt`);
    slm(
      'export_gguf',
      '--checkpoint',
      `${q4}.pt`,
      '--data',
      tokenizer,
      '--type',
      'Q4_0',
      '--out',
      `${q4}.gguf`,
    );
    assert.ok(readFileSync(`${q4}.gguf`).equals(readFileSync(join(shipped, 'mini_3M-Q4_0.gguf'))));
  });

  it('keeps GRAMMAR.md as the grammars are', () => {
    const { command, env } = invocation(['']);
    const { status, stdout, stderr } = spawnSync(command, ['-m', 'auton_slm.data.grammar_doc'], {
      env,
      encoding: 'utf8',
    });
    assert.equal(status, 0, stdout + stderr);
  });

  /** What a script of this folder says in JSON. */
  function script(name: string, args: string[]): unknown {
    const { command, env } = invocation(['']);
    const path = join(import.meta.dirname, name);
    const options = { env, encoding: 'utf8', maxBuffer: 2 ** 28 } as const;
    const { status, stdout, stderr } = spawnSync(command, ['-W', 'ignore', path, ...args], options);
    assert.equal(status, 0, stderr);
    return JSON.parse(stdout);
  }

  /** Tokens of the texts as training cuts them, and the logits of PyTorch and ONNX Runtime at each of them. */
  function reference(model: string, texts: string[]) {
    const parsed = script('logits.py', [checkpoint(), data, model, ...texts]) as {
      tokens: number[][];
      torch: number[][][];
      onnx: number[][][];
    };
    const floats = (all: number[][][]) => all.map((rows) => rows.map((row) => Float32Array.from(row)));
    return { tokens: parsed.tokens, torch: floats(parsed.torch), onnx: floats(parsed.onnx) };
  }
});
