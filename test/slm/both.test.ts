import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assets } from '../../src/config/assets.ts';

const { referenceKernel, slmPackage, shippedModels } = assets();
const HERE = join(import.meta.dirname, '../kernel/slm');
const MODEL = join(shippedModels, 'mini_3M-Q4_0.gguf');
/** Sentences that nothing was trained on, and the least share that is right by the rules alone and by both. */
const SETS = [
  {
    file: join(slmPackage, 'auton_slm/data/heldout/intents.tsv'),
    least: { label: { rules: 0.92, both: 0.945 }, intent: { rules: 0.93, both: 0.95 } },
  },
  {
    file: join(HERE, 'intents-a.tsv'),
    least: { label: { rules: 0.99, both: 0.99 }, intent: { rules: 0.99, both: 0.99 } },
  },
  {
    file: join(HERE, 'intents-b.tsv'),
    least: { label: { rules: 0.97, both: 0.97 }, intent: { rules: 0.97, both: 0.98 } },
  },
];
/** The kernel's own sets name intents by a word. */
const SHORT: Record<string, string> = {
  hardware: 'HARDWARE_IDENTIFY',
  driver: 'DRIVER_SELECT',
  configure: 'INSTALL_CONFIGURE',
  app: 'APP_INSTALL',
  system: 'SYSTEM_MANAGE',
  trouble: 'TROUBLESHOOT',
  other: 'OTHER',
};

/** The intent that a kernel reports for a label: what is no business of its own goes to TROUBLESHOOT, unsure. */
const MEASURES = {
  label: (label?: string) => label,
  intent: (label?: string) => (label === 'OTHER' ? 'TROUBLESHOOT' : label),
};

/** The kernel's sources as a program: the rules, the shipped model, and what the kernel makes of both. */
describe('the rules and the model that ships, together', function () {
  this.timeout(900_000);
  let folder: string;
  let program: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'auton-both-'));
    program = build(folder);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  function build(out: string): string {
    const at = (name: string) => join(out, name);
    const run = (command: string, args: string[]) =>
      execFileSync(command, args, { cwd: referenceKernel, encoding: 'utf8' });
    run('make', ['-s', 'host-neural', `O=${out}`]);
    run('cc', ['-std=gnu11', '-O1', '-o', at('kbgen'), 'tools/kbgen.c']);
    run(at('kbgen'), ['slm/data/pci.ids', at('kb.bin')]);
    run('cc', ['-std=gnu11', '-c', `-DKB_BLOB="${at('kb.bin')}"`, '-o', at('kb.o'), 'tools/kb.S']);
    run('cc', ['-std=gnu11', '-O1', '-o', at('intentgen'), 'tools/intentgen.c']);
    writeFileSync(at('intent_model.c'), run(at('intentgen'), ['slm/data/intents.tsv']));
    run('cc', ['-std=gnu11', '-O2', '-Islm_model', '-o', at('modelsum'), 'tools/modelsum.c']);
    const model = [`-DSLM_MODEL="${MODEL}"`, `-DSLM_MODEL_SUM=${run(at('modelsum'), [MODEL]).trim()}`];
    run('cc', ['-c', ...model, '-o', at('model.o'), 'slm_model/model.S']);
    const sources = (where: string, without: RegExp) =>
      readdirSync(join(referenceKernel, where))
        .filter((name) => name.endsWith('.c') && !without.test(name))
        .map((name) => `${where}/${name}`);
    const files = [
      ...sources('slm', /_test\.c$|^(service|command)\.c$/),
      ...sources('slm_neural/kernel', /^(tests|command)\.c$/),
      ...[join(HERE, 'weigh.c'), join(HERE, 'machine.c'), at('intent_model.c'), 'dev/pci_class.c'],
    ];
    const objects = [at('kb.o'), at('model.o'), at('host/neural.o'), '-Wl,--allow-multiple-definition'];
    const include = ['include', 'arch/x86_64/include', 'slm', 'slm_neural', 'slm_neural/kernel', 'slm_model'];
    const checks = ['-g', '-fno-builtin', '-fsanitize=address,undefined', '-fno-sanitize-recover=all'];
    const flags = ['-std=gnu11', '-O1', ...checks, ...include.map((path) => `-I${path}`)];
    run('cc', [...flags, '-o', at('weigh'), ...files, ...objects]);
    return at('weigh');
  }

  /** For each line of "label <tab> text": what is right, what each says, and the model's action. */
  function weigh(input: string) {
    return execFileSync(program, { input, encoding: 'utf8', stdio: ['pipe', 'pipe', 'ignore'] })
      .trimEnd()
      .split('\n')
      .map((line) => {
        const [label = '', rules, model, both, action, text] = line.split('\t');
        return { label: SHORT[label] ?? label, rules, model, both, action, text };
      });
  }

  for (const { file, least } of SETS) {
    it(`are right at least as often as either alone: ${file.split('/').slice(-2).join('/')}`, () => {
      const lines = weigh(readFileSync(file, 'utf8'));
      assert.ok(lines.length > 150, `only ${lines.length} sentences`);
      for (const measure of ['label', 'intent'] as const) {
        const of = MEASURES[measure];
        const right = (by: 'rules' | 'model' | 'both') =>
          lines.filter((line) => of(line[by]) === of(line.label)).length;
        const said = `${measure}, of ${lines.length}: rules ${right('rules')}, model ${right('model')}, both ${right('both')}`;
        console.log(`      ${said}`);
        assert.ok(right('both') >= Math.max(right('rules'), right('model')), said);
        for (const by of ['rules', 'both'] as const)
          assert.ok(right(by) >= least[measure][by] * lines.length, said);
      }
    });
  }

  it('read slots off the line and nowhere else', () => {
    const cases = {
      'what is 0x8086:0x100E?': 'lookup pci 8086:100e',
      'which driver does dead:beef need': 'driver pci dead:beef',
      "what's at 00:1f.2": 'lookup slot 00:1f.2',
      'please install node.js': 'install package node.js',
      'unmount /dev/sdb1': 'unmount disk /dev/sdb1',
      'show me the contents of /etc/motd': 'show file /etc/motd',
      'turn on bluetooth': 'configure bluetooth',
      'bounce the nginx service': 'restart service nginx',
      'who won the world cup': 'unsure',
    };
    const lines = weigh(
      Object.keys(cases)
        .map((text) => `x\t${text}\n`)
        .join(''),
    );
    assert.deepEqual(
      lines.map(({ action }) => action),
      Object.values(cases),
    );
  });

  it('survive any line', () => {
    const odd = [
      '?',
      "''",
      'a '.repeat(240),
      '\u00ff\u2019\u2018',
      '0x',
      '8086:',
      'the '.repeat(100),
      '<pci>',
      '</s><s>',
    ];
    assert.equal(weigh(odd.map((text) => `x\t${text}\n`).join('')).length, odd.length);
  });
});
