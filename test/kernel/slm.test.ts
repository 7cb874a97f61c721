import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildHarness, SUBSET } from './slm/harness.ts';

const HERE = join(import.meta.dirname, 'slm');
const SYSTEM_LIST = '/usr/share/misc/pci.ids';

describe('the SLM of the reference kernel, as a program', function () {
  let folder: string;
  let harness: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'auton-slm-'));
    harness = buildHarness(folder);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const lines = (args: string[], input = '') =>
    execFileSync(harness, args, { input, encoding: 'utf8' })
      .trimEnd()
      .split('\n')
      .map((line) => line.split('\t'));

  /** Answers to `questions`, all of one session. */
  const talk = (...questions: string[]) =>
    lines(['ask'], questions.map((question) => `1\t${question}\n`).join('')).map(
      ([intent, status, text]) => ({
        intent,
        status: Number(status),
        text: text ?? '',
      }),
    );
  const answerTo = (...questions: string[]) => {
    const last = talk(...questions).at(-1);
    assert.ok(last);
    return last;
  };

  for (const set of ['intents-a.tsv', 'intents-b.tsv']) {
    it(`classifies at least 90 % of ${set}`, () => {
      const output = lines(['classify', join(HERE, set)]);
      const [, right, total] = output.at(-1) ?? [];
      assert.ok(Number(total) >= 150, `only ${total} utterances`);
      assert.ok(Number(right) >= 0.9 * Number(total), output.map((line) => line.join(' | ')).join('\n'));
    });
  }

  it('gives every name of the short list exactly', () => {
    assert.deepEqual(lines(['names', SUBSET]), [['total', '265', '265']]);
  });

  it("gives every name of the system's list exactly", function () {
    if (!existsSync(SYSTEM_LIST)) {
      console.log(`      skipped: ${SYSTEM_LIST} is not installed`);
      this.skip();
    }
    const own = mkdtempSync(join(tmpdir(), 'auton-slm-'));
    try {
      const full = buildHarness(own, SYSTEM_LIST);
      const [last, ...rest] = execFileSync(full, ['names', SYSTEM_LIST], { encoding: 'utf8' })
        .trimEnd()
        .split('\n')
        .reverse();
      assert.deepEqual(rest, []);
      const [, right, total] = (last ?? '').split('\t');
      assert.equal(right, total);
      assert.ok(Number(total) > 10_000);
    } finally {
      rmSync(own, { recursive: true, force: true });
    }
  });

  it('reads an id in every usual spelling', () => {
    for (const id of [
      '8086:100e',
      '0x8086:0x100E',
      '0x8086 0x100E',
      'vendor 8086 device 100e',
      'PCI\\VEN_8086&DEV_100E',
    ]) {
      assert.match(answerTo(`what is ${id}`).text, /82540EM Gigabit/, id);
    }
  });

  it('matches words, not parts of words', () => {
    assert.match(answerTo('what programs are running').text, /worker/);
    assert.match(answerTo('what ship is this').text, /not sure/);
    assert.equal(answerTo('what ship is this').status, 1);
  });

  it('invents no name for an id that is not listed', () => {
    assert.match(answerTo('what is 8086:fffe').text, /not in my table/);
    assert.match(answerTo('which driver does fffe:0001 need').text, /not in my table/);
  });

  it('says what it cannot do, and what that would take', () => {
    const { status, text } = answerTo('install nginx');
    assert.equal(status, 2);
    assert.match(text, /cannot install nginx.*package manager/);
    assert.match(answerTo('use a static ip 10.0.0.5 on eth0').text, /10\.0\.0\.5 on eth0.*network stack/);
  });

  it('keeps a conversation: a list, the second one, its driver, a plan, go', () => {
    const answers = talk(
      'which network cards do I have',
      'what about the second one',
      'and its driver?',
      'install a driver for it',
      'go',
      'go',
      'go',
    ).map(({ text }) => text);
    const expected = [
      /1\. 00:03\.0.*2\. 00:04\.0/,
      /^00:04\.0/,
      /8139too/,
      /00:04\.0.*Plan/,
      /Step 1 done/,
      /Step 2.*8139too/,
      /no plan/,
    ];
    for (const [i, pattern] of expected.entries()) assert.match(answers[i] ?? '', pattern);
  });

  it('ends a thread only after a go, and drops the plan on no', () => {
    assert.match(answerTo('kill thread 5', 'yes').text, /has been ended/);
    assert.match(answerTo('kill thread 5', 'no', 'go').text, /no plan/);
    assert.match(answerTo('kill thread 5', 'uptime', 'go').text, /no plan/);
    assert.match(answerTo('kill thread 77').text, /no thread 77/);
  });

  it('keeps sessions apart', () => {
    const output = lines(['ask'], '1\tkill thread 5\n2\tgo\n1\tgo\n').map((line) => line[2] ?? '');
    assert.match(output[1] ?? '', /no plan/);
    assert.match(output[2] ?? '', /has been ended/);
  });

  it('tells sorts and makers of devices apart, and counts within a kind', () => {
    assert.match(answerTo('is there an nvme drive').text, /^No\. I found no storage controller of that sort/);
    assert.match(answerTo('is there an ide controller').text, /00:01\.1/);
    assert.match(answerTo('which disks do I have').text, /run by ide.*vda \(64 MB\)/s);
    assert.match(answerTo('how many sata disks are there').text, /^(?!.*vda)/s);
    assert.match(answerTo('do I have a nvidia card').text, /^No\. I found no device by NVIDIA/);
    assert.match(answerTo('my second network card does not work').text, /10ec:8139.*no driver/);
    assert.match(answerTo('my network card does not work').text, /e1000 runs.*no network stack/);
  });

  it('takes its facts from the machine', () => {
    assert.match(answerTo('how much memory is free').text, /200 MB of 256 MB/);
    assert.match(answerTo('what is the date').text, /2031-02-03 04:05:06/);
    assert.match(answerTo('show the last errors').text, /planted error/);
    assert.match(answerTo('uptime').text, /1 h 2 min 5 s/);
    assert.match(answerTo('what is using the cpu').text, /worker/);
  });

  it('survives any bytes', () => {
    let state = 7;
    const random = (n: number) => (state = (state * 1103515245 + 12345) & 0x7fffffff) % n;
    const parts = [
      '8086',
      ':',
      '100e',
      ' ',
      '0x',
      'what',
      'driver',
      '\u00fc',
      '.',
      "'",
      'second',
      '-',
      '/',
      'ven_',
      '&dev_',
      'go',
      '%s',
      '00:03',
    ];
    const questions = Array.from({ length: 2000 }, () =>
      Array.from({ length: random(60) }, () => parts[random(parts.length)]).join(''),
    );
    const answers = talk(...questions.map((question) => `${question} x`));
    assert.equal(answers.length, questions.length);
    assert.ok(answers.every(({ text }) => text.length > 0));
  });
});
