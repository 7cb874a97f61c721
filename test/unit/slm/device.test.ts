import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { configSchema } from '../../../src/protocol/config.ts';
import { slmToolHost } from '../../../src/slm/agent-tools/agent-tools.ts';
import { pythonVariables, type Python } from '../../../src/slm/python/environment.ts';
import type { Sandbox, SandboxCommand } from '../../../src/tools/sandbox.ts';
import { PythonJudge } from '../../../src/validation/slm/judge.ts';
import { Workbench } from '../../fixtures/tool-workbench.ts';

const python: Python = { program: '/python', readable: [], package: '/SLM' };
const CALLS: [tool: string, input: object][] = [
  ['prepare_data', { config: 'pico_200K' }],
  ['train_model', { name: 'first', config: 'pico_200K' }],
  ['evaluate_model', { training: 'first' }],
  ['quantize_model', { training: 'first', to: 'int4' }],
  ['export_gguf', { training: 'first' }],
  ['export_onnx', { training: 'first' }],
];

describe('the device that a run makes a model on', () => {
  let bench: Workbench;
  let commands: SandboxCommand[];
  const sandbox: Sandbox = {
    mode: 'bubblewrap',
    run: (command) => {
      commands.push(command);
      return Promise.resolve({ exitCode: 1, timedOut: false, output: '', outputBytes: 0, durationMs: 1 });
    },
  };

  beforeEach(() => {
    commands = [];
    bench = new Workbench({ sandbox });
    for (const file of ['data/statistics.json', 'first/best.pt']) {
      const path = join(bench.root, 'slm', file);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, '');
    }
  });
  afterEach(() => bench.remove());

  /** By stage: whether it may use a GPU, and the device that it is told. */
  async function stagesOn(device: string): Promise<Record<string, [gpu: boolean, told: string | undefined]>> {
    bench.context.host.slm = slmToolHost({
      ...{ python, sandbox, folder: join(bench.root, 'slm'), training: {}, stageTimeoutMs: 1000, device },
      turn: (_signal, work) => work(),
      progress: () => undefined,
    });
    for (const [tool, input] of CALLS) await bench.call(tool, input);
    assert.equal(commands.length, CALLS.length, 'a tool started no stage');
    const told = ({ argv }: SandboxCommand) => argv.find((argument) => argument.startsWith('--device='));
    const stage = ({ argv }: SandboxCommand) => argv[argv.indexOf('--json') - 1] ?? '';
    return Object.fromEntries(
      commands.map((command) => [stage(command), [command.gpu ?? false, told(command)]]),
    );
  }
  const OTHERS = Object.fromEntries(
    ['prepare_data', 'quantize', 'export_gguf', 'export_onnx'].map((stage) => [stage, [false, undefined]]),
  );

  it('is a GPU when there is one, for trainings and evaluations alone', async () => {
    const { device } = configSchema.parse({}).slm;
    const mine = [true, undefined];
    assert.deepEqual(await stagesOn(device), { ...OTHERS, train: mine, evaluate: mine });
  });

  it('is the one that the configuration names', async () => {
    const second = [true, '--device=cuda:1'];
    assert.deepEqual(await stagesOn('cuda:1'), { ...OTHERS, train: second, evaluate: second });
  });

  it('is no GPU when the processor is asked for', async () => {
    const cpu = [false, '--device=cpu'];
    assert.deepEqual(await stagesOn('cpu'), { ...OTHERS, train: cpu, evaluate: cpu });
    assert.ok(!configSchema.safeParse({ slm: { device: 'gpu' } }).success);
  });

  it('is none of those that CUDA_VISIBLE_DEVICES leaves out', () => {
    assert.equal(pythonVariables(python, { CUDA_VISIBLE_DEVICES: '' })['CUDA_VISIBLE_DEVICES'], '');
    assert.ok(!('CUDA_VISIBLE_DEVICES' in pythonVariables(python, {})));
  });

  it('is the processor where gates measure again', async () => {
    const judge = new PythonJudge({
      ...{ python, sandbox, scratch: bench.root, readable: [], timeoutMs: 1000, signal: undefined },
      engine: () => Promise.resolve('/engine'),
    });
    await assert.rejects(judge.evaluation('/best.pt', '/data', 100));
    await assert.rejects(judge.checkpoint('/best.pt', '/data'));
    assert.deepEqual(
      commands.map(({ gpu }) => gpu),
      [false, false],
    );
  });
});
