import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Context } from 'mocha';
import { assets } from '../../src/config/assets.ts';
import { readPlainWords } from '../../src/slm/answer/grammar.ts';
import { pythonVariables } from '../../src/slm/python/environment.ts';
import { pipelinePython } from './python.ts';

const { referenceKernel, slmPackage } = assets();
const grammar = readFileSync(join(slmPackage, 'GRAMMAR.md'), 'utf8');

/** What the model may say is written in three places: they must not drift apart. */
describe('the answer grammar', () => {
  let folder: string;
  let program: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'auton-grammar-'));
    program = join(folder, 'actions');
    const kernel = ['actions.c', 'plain.c', 'shapes.c'].map((name) => join('slm_neural/kernel', name));
    const include = ['include', 'arch/x86_64/include', 'slm_neural', 'slm_neural/kernel'].map(
      (p) => `-I${p}`,
    );
    const sources = [join(import.meta.dirname, '../kernel/slm/actions.c'), ...kernel];
    execFileSync('cc', ['-std=gnu11', '-Wall', '-Werror', ...include, '-o', program, ...sources], {
      cwd: referenceKernel,
    });
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const lines = (text: string) => text.replace(/\n$/, '').split('\n');

  /** "LABEL action text" of the tables in the document, the values of [kind], and the plain words. */
  function documented(): string[] {
    const [, actions = ''] = grammar.split('## Actions');
    let label = '';
    const out: string[] = [];
    for (const line of actions.split('\n')) {
      label = /^### (\w+)/.exec(line)?.[1] ?? label;
      const [, action, text] = /^\| `([^`]+)` \| (.*) \|$/.exec(line) ?? [];
      if (action !== undefined) out.push(`${label}\t${action}\t${text ?? ''}`);
    }
    const kinds = /`\[kind\]` is one of: (.*)\./.exec(grammar)?.[1] ?? '';
    return [
      ...out,
      ...[...kinds.matchAll(/`(\w+)`/g)].map(([, kind]) => `kind\t${kind ?? ''}\t`),
      ...[...readPlainWords(grammar)].map((word) => `plain\t${word}\t`),
    ];
  }

  async function python(suite: Context, code: string, input = ''): Promise<string[]> {
    const found = await pipelinePython(suite);
    const env = { ...process.env, ...pythonVariables(found) };
    return lines(
      execFileSync(found.program, ['-c', code], { cwd: slmPackage, env, input, encoding: 'utf8' }),
    );
  }
  it('is the same in the document and in the kernel', () => {
    const kernel = lines(execFileSync(program, { encoding: 'utf8' }));
    assert.ok(kernel.length > 100);
    assert.deepEqual(kernel.toSorted(), documented().toSorted());
  });

  it('is the same in the training data', async function () {
    const trained = await python(
      this,
      `
from auton_slm.data.actions import actions, text_for, texts
from auton_slm.data.grammar import load
from auton_slm.data.plain import plain_words
table = texts()
kinds = sorted(load().kinds)
seen = set()
for action in actions():
    words = list(action.words)
    if words[-1] in kinds and words[-2] == "kind":
        words[-1] = "[kind]"
    line = " ".join(words)
    if (action.label, line) not in seen:
        seen.add((action.label, line))
        print(action.label, line, text_for(line.replace("[kind]", "").strip(), table), sep="\\t")
for kind in kinds:
    print("kind", kind, "", sep="\\t")
for word in plain_words():
    print("plain", word, "", sep="\\t")
`,
    );
    assert.deepEqual(trained.toSorted(), documented().toSorted());
  });

  it('gives a slot the same words in the kernel as in training', async function () {
    const words =
      '8086:100e 8086:100 08086:100e 100e 0x8086 0x808 8086 00:1f.2 0000:00:1f.2 00:2f.2 00:1f.8 10.0.0.5 10.0.0.5/24 10.0.0 ' +
      '10.0.0.5/244 1.2.3.4.5 42 -3 0x1f 0x 1.5 /dev/sda1 /dev/ sda sda12 hda vdb1 nvme0n1 nvme mmcblk0p1 /etc/fstab a/b ' +
      "motd .bashrc a.tar.gz x-y x-y.z rc_ don't g++ lib.";
    const slots = 'pci usb hex slot ip num path disk chip words pkg word'.split(' ');
    const input =
      slots.flatMap((slot) => words.split(' ').map((word) => `${slot}\t${word}`)).join('\n') + '\n';
    const kernel = lines(execFileSync(program, ['fits'], { input, encoding: 'utf8' }));
    const expected = await python(
      this,
      `
import sys
from auton_slm.data.normalize import fits
for line in sys.stdin:
    print(int(fits(*line.rstrip("\\n").split("\\t"))))
`,
      input,
    );
    const cases = lines(input);
    assert.deepEqual(
      cases.map((line, i) => `${line} ${kernel[i] ?? ''}`),
      cases.map((line, i) => `${line} ${expected[i] ?? ''}`),
    );
    assert.ok(expected.includes('1') && expected.includes('0'));
  });

  it('takes plain words for a name only where there is nothing else, in the kernel as in training', async function () {
    const prompts = [
      'please put nginx on this machine',
      'get rid of much',
      'stop it at 00:1f.2 now',
      'put 8086:100e at 00:1f.2',
      [...readPlainWords(grammar)].slice(0, 20).join(' '),
      [...readPlainWords(grammar)].slice(-20).join(' ') + ' zzz',
    ];
    const slots = 'pkg service user driver host prog word path chip words num'.split(' ');
    const cases = slots.flatMap((slot) => prompts.map((prompt) => `${slot}\t${prompt}`));
    const input = cases.join('\n') + '\n';
    const kernel = lines(execFileSync(program, ['takes'], { input, encoding: 'utf8' }));
    const expected = await python(
      this,
      `
import sys
from auton_slm.data.actions import Action
from auton_slm.decode import Decoder
decoder = Decoder(None, None)
for line in sys.stdin:
    slot, prompt = line.rstrip("\\n").split("\\t")
    print(*decoder._values(prompt.split(), Action("", (f"<{slot}>",))))
`,
      input,
    );
    assert.deepEqual(
      cases.map((line, i) => `${line}: ${kernel[i] ?? ''}`),
      cases.map((line, i) => `${line}: ${expected[i] ?? ''}`),
    );
    assert.equal(kernel[cases.indexOf(`pkg\t${prompts[0]!}`)], 'nginx');
    assert.equal(kernel[cases.indexOf(`pkg\t${prompts[1]!}`)], prompts[1]);
  });
});
