import assert from 'node:assert/strict';
import { configSchema } from '../../../src/protocol/config.ts';
import type { Evidence } from '../../../src/protocol/evidence.ts';
import { createSandbox } from '../../../src/tools/sandbox/create.ts';
import type { Sandbox } from '../../../src/tools/sandbox.ts';
import { loadAcceptanceTests } from '../../../src/validation/acceptance.ts';
import { validateComposition } from '../../../src/validation/composition.ts';
import type { CompositionOptions } from '../../../src/validation/composition.ts';
import { validateWorkspace } from '../../../src/validation/validate.ts';
import { MINI_ACCEPTANCE, miniKernel } from '../../fixtures/mini-kernel.ts';
import type { Fault, MiniKernel } from '../../fixtures/mini-kernel.ts';

const config = configSchema.parse({});

describe('composition', () => {
  let sandbox: Sandbox;
  let mini: MiniKernel | undefined;
  before(async () => (sandbox = await createSandbox(config.sandbox, { hide: [] })));
  afterEach(() => mini?.remove());

  const compose = (fault?: Fault, rest: Partial<CompositionOptions> = {}) => {
    mini = miniKernel(fault);
    return validateComposition({
      ...{ workspace: mini.folder, runFolder: mini.runFolder, architecture: 'x86_64', sandbox, accel: 'tcg' },
      ...{
        tests: loadAcceptanceTests(MINI_ACCEPTANCE),
        tools: config.kernel,
        buildTimeoutMs: 200_000,
        bootTimeoutMs: 60_000,
      },
      ...rest,
    });
  };

  it('passes when everything works together', async () => {
    const evidence = await compose(undefined, { earlierBootMs: [60_000] });
    assert.equal(evidence.passed, true, evidence.summary);
    assert.equal(evidence.culprits, undefined);
    assert.deepEqual(evidence.findings, []);
  });

  it('names the pair that passes alone and fails together', async () => {
    const evidence = await compose('pair');
    assert.equal(evidence.passed, false);
    assert.deepEqual(evidence.culprits, ['delta', 'gamma']);
    assert.match(
      evidence.summary,
      /^delta \+ gamma fail together, though they pass alone\. .*vector 40 is taken/,
    );
  });

  it('names three of which every two pass', async () => {
    assert.deepEqual((await compose('trio')).culprits, ['alpha', 'delta', 'gamma']);
  });

  it('names the one that fails by itself', async () => {
    const evidence = await compose('fail');
    assert.deepEqual(evidence.culprits, ['alpha']);
    assert.match(evidence.summary, /^alpha fails by itself/);
  });

  it('stays within its probes and says so', async () => {
    const probed: string[][] = [];
    const evidence = await compose('trio', { maxProbes: 2, onProbe: (set) => probed.push(set) });
    assert.equal(probed.length, 3);
    assert.match(evidence.summary, /The search ended early/);
  });

  it('stays within its time and says so', async () =>
    assert.match((await compose('trio', { timeoutMs: 1 })).summary, /The search ended early/));

  it('warns of a boot that grew slower', async () => {
    const evidence = await compose(undefined, {
      together: { ...(await compose()), bootMs: 900 },
      earlierBootMs: [300, 310],
    });
    assert.equal(evidence.passed, true);
    assert.match(evidence.findings[0]?.message ?? '', /The boot grew slower: 900 ms, before 310 ms/);
  });
});

describe('validation of a workspace', () => {
  let sandbox: Sandbox;
  let mini: MiniKernel;
  before(async () => (sandbox = await createSandbox(config.sandbox, { hide: [] })));
  afterEach(() => mini.remove());

  const validate = async (
    fault: Fault | undefined,
    what: { build?: boolean; test?: boolean; composition?: boolean },
    timeoutMs = 200_000,
  ) => {
    mini = miniKernel(fault);
    const told: Evidence[] = [];
    const all = await validateWorkspace({
      ...{
        folder: mini.folder,
        runFolder: mini.runFolder,
        architecture: 'x86_64',
        acceptanceFile: MINI_ACCEPTANCE,
      },
      ...{ sandbox, accel: 'tcg', config, timeoutMs, onEvidence: (evidence) => told.push(evidence) },
      ...{ build: false, test: false, composition: false, ...what },
    });
    assert.deepEqual(told, all);
    return all.map(({ kind, passed }) => `${kind} ${passed ? 'passed' : 'failed'}`);
  };

  it('builds, tests and composes', async () =>
    assert.deepEqual(await validate(undefined, { build: true, test: true, composition: true }), [
      'build passed',
      'boot passed',
      'composition passed',
    ]));
  it('does no more than it was asked for', async () => {
    assert.deepEqual(await validate('fail', { build: true }), ['build passed']);
  });
  it('stops after a build that fails', async () =>
    assert.deepEqual(await validate('warn', { build: true, test: true }), ['build failed']));
  it('narrows what fails', async () =>
    assert.deepEqual(await validate('pair', { test: true, composition: true }), [
      'build passed',
      'boot failed',
      'composition failed',
    ]));
  it('holds the time-out in every step', async () => {
    assert.deepEqual(await validate(undefined, { build: true }, 1), ['build failed']);
    assert.deepEqual(await validate('hang', { test: true }, 1500), ['build passed', 'boot failed']);
  });
  it('asks what to do when asked for nothing', async () =>
    assert.rejects(validate(undefined, {}), /There is nothing to validate/));
});
