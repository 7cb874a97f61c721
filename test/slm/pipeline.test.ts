import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pythonVariables, type Python } from '../../src/slm/python/environment.ts';
import { findPython, requirePython } from '../../src/slm/python/python.ts';
import { buildEngine, buildLlama, difference } from '../kernel/neural/engines.ts';

const CONFIG = join(import.meta.dirname, 'tiny.yaml');

type Event = { event: string; message?: string; step?: number; reason?: string } & Record<string, unknown>;

describe('the SLM pipeline, on a model of seconds', function () {
  this.timeout(300_000);
  let folder: string;
  let data: string;
  let whole: Event[];

  let python: Python;

  before(async function () {
    // PyTorch is up to 5 GB: a test run does not fetch that unasked.
    const found = process.env.AUTON_SLM === '1' ? await requirePython() : await findPython();
    if (found === null) {
      console.log(
        '      skipped: the Python of the SLM pipeline is not installed; AUTON_SLM=1 lets the tests do it',
      );
      return this.skip();
    }
    python = found;
    folder = mkdtempSync(join(tmpdir(), 'auton-slm-'));
    data = join(folder, 'data');
    slm(
      'prepare_data',
      '--config',
      CONFIG,
      '--sources',
      join(folder, 'sources'),
      '--out',
      data,
      '--processes',
      '1',
    );
    whole = train('whole');
  });
  after(() => {
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

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

  it('learns: the loss on unseen sentences falls', () => {
    const first = whole.find(({ event }) => event === 'step')?.loss as number;
    assert.ok(finalLoss(whole) < 0.8 * first, `${first} to ${finalLoss(whole)}`);
    assert.ok(((last(whole, 'evaluation')?.values_label as number) ?? 0) > 1 / 7, 'labels are guessed');
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

  it('names what is wrong with a configuration before it computes anything', () => {
    const cases: [string, RegExp][] = [
      ['model.heads=3', /model\.dim \(64\) must be a multiple of model\.heads \(3\)/],
      ['train.stepz=1', /unknown key 'stepz'/],
    ];
    for (const [value, message] of cases) {
      const { status, events } = attempt([...trainArgs('never'), '--set', value]);
      assert.equal(status, 2);
      assert.match(last(events, 'error')?.message ?? '', message);
    }
  });

  it('exports files that ONNX Runtime, the kernel and llama.cpp load and compute alike', function () {
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
    const others = [buildEngine(join(folder, 'host')), buildLlama(join(folder, 'host'))];
    for (const [i, rows] of torch.entries()) {
      const far = (logits: Float32Array[]) => Math.max(...difference(logits, rows).largest);
      assert.ok(far(onnx[i] ?? []) < 1e-4, 'ONNX differs');
      for (const other of others) {
        if (typeof other === 'string') console.log(`      without llama.cpp: ${other}`);
        else assert.ok(far(other.logits(out('tiny.gguf'), [1, ...(tokens[i] ?? [])])) < 1e-4, 'GGUF differs');
      }
    }
    for (const other of others)
      if (typeof other !== 'string') assert.deepEqual(other.tokenize(out('tiny.gguf'), texts), tokens);
  });

  it('refuses a quantisation that it does not have', () => {
    copyFileSync(checkpoint(), join(folder, 'copy.pt'));
    const { status, events } = attempt([
      'quantize',
      '--checkpoint',
      join(folder, 'copy.pt'),
      '--out',
      join(folder, 'q.pt'),
      '--method',
      'gptq',
    ]);
    assert.equal(status, 1);
    assert.match(last(events, 'error')?.message ?? '', /gptq is not there yet; there is rtn/);
  });

  /** Tokens of the texts as training cuts them, and the logits of PyTorch and ONNX Runtime at each of them. */
  function reference(model: string, texts: string[]) {
    const { command, env } = invocation(['']);
    const script = join(import.meta.dirname, 'logits.py');
    const { status, stdout, stderr } = spawnSync(
      command,
      ['-W', 'ignore', script, checkpoint(), data, model, ...texts],
      {
        env,
        encoding: 'utf8',
        maxBuffer: 2 ** 28,
      },
    );
    assert.equal(status, 0, stderr);
    const parsed = JSON.parse(stdout) as { tokens: number[][]; torch: number[][][]; onnx: number[][][] };
    const floats = (all: number[][][]) => all.map((rows) => rows.map((row) => Float32Array.from(row)));
    return { tokens: parsed.tokens, torch: floats(parsed.torch), onnx: floats(parsed.onnx) };
  }
});
