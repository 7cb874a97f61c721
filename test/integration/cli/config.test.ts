import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KeyHelp } from '../../../src/config/help.ts';
import type { ConfigReport } from '../../../src/config/problems.ts';
import type { ModelCatalogue } from '../../../src/models/catalogue.ts';
import { AUTON } from '../../fixtures/program.ts';

describe('auton config', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'auton-config-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function auton(args: string[], input = '') {
    const env = { PATH: process.env['PATH'], HOME: folder, NO_COLOR: '1' };
    return spawnSync(process.execPath, [AUTON, ...args], { cwd: folder, env, encoding: 'utf8', input });
  }
  function json<T>(args: string[], input = ''): { value: T; status: number | null } {
    const { stdout, stderr, status } = auton([...args, '--json'], input);
    assert.notEqual(stdout, '', stderr);
    return { value: JSON.parse(stdout) as T, status };
  }
  const check = (text: string) => json<ConfigReport>(['config', 'check', '--stdin'], text);
  /** The text that a problem points at. */
  const pointed = (text: string, { line = 0, column = 0, endColumn }: ConfigReport['problems'][number]) =>
    text.split('\n')[line - 1]?.slice(column - 1, endColumn === undefined ? undefined : endColumn - 1);

  describe('check', () => {
    it('points at each wrong key and value of an unsaved text', () => {
      const text = '[llm]\nmodle = "x"\n  temperature =  5 # hot\n[kernel]\narch = "sparc"\n';
      const { value, status } = check(text);
      assert.equal(status, 2);
      assert.deepEqual(
        value.problems.map((problem) => [problem.severity, problem.key, pointed(text, problem)]).sort(),
        [
          ['error', 'kernel.arch', '"sparc"'],
          ['error', 'llm.modle', 'modle'],
          ['error', 'llm.temperature', '5'],
        ],
      );
      assert.equal(
        value.problems.find(({ key }) => key === 'llm.modle')?.remedy,
        'Did you mean "llm.model"?',
      );
    });

    it('points at models and playbooks that do not exist', () => {
      const text = '[llm]\nmodel = "playbook/refrence"\n[agents.models]\nreviewer = "opnai/x"\n';
      const { value, status } = check(text);
      assert.equal(status, 2);
      assert.deepEqual(
        value.problems.map((problem) => [pointed(text, problem), problem.remedy]),
        [
          ['"playbook/refrence"', 'Did you mean "playbook/reference"?'],
          ['"opnai/x"', 'Did you mean "openai/x"?'],
        ],
      );
    });

    it('points at doubtful values, with exit code 0', () => {
      const text = '[llm.cost]\nmax_cost_usd = 5\n[sandbox]\nmode = "off"\n';
      const { value, status } = check(text);
      assert.equal(status, 0);
      assert.deepEqual(
        value.problems.map((problem) => [problem.severity, pointed(text, problem)]),
        [
          ['warning', '5'],
          ['warning', '"off"'],
        ],
      );
    });

    it('points at the place where a text stops being TOML, and never repeats the line', () => {
      const text = '[llm.api_keys]\nopenai = "sk-secret\n';
      const { value, status } = check(text);
      assert.equal(status, 2);
      assert.equal(value.problems[0]?.line, 2);
      assert.doesNotMatch(JSON.stringify(value), /sk-secret/);
    });

    it('takes the text in place of the file, and an empty one for no settings', () => {
      writeFileSync(join(folder, 'auton.toml'), 'nonsense');
      assert.deepEqual(check('').value, { source: join(folder, 'auton.toml'), problems: [] });
      assert.equal(json<ConfigReport>(['config', 'check']).status, 2);
    });

    it('names every problem with its line for people', () => {
      writeFileSync(
        join(folder, 'auton.toml'),
        '[llm]\nmodel = "opnai/x"\n[agents.models]\ntester = "b/c"\n',
      );
      const { stderr, status } = auton(['config', 'check']);
      assert.equal(status, 2);
      assert.match(stderr, /auton\.toml:2: .*Did you mean "openai\/x"/);
      assert.match(stderr, /auton\.toml:4: /);
    });
  });

  it('init writes a file that changes nothing, once', () => {
    assert.equal(auton(['config', 'init']).status, 0);
    assert.deepEqual(check(readFileSync(join(folder, 'auton.toml'), 'utf8')).value.problems, []);
    const again = auton(['config', 'init']);
    assert.equal(again.status, 2);
    assert.match(again.stderr, /exists already/);
  });

  it('init --print writes no file', () => {
    assert.match(auton(['config', 'init', '--print']).stdout, /^\[llm\]$/m);
    assert.equal(existsSync(join(folder, 'auton.toml')), false);
  });

  it('set and unset change a key there and back', () => {
    auton(['config', 'init']);
    const before = readFileSync(join(folder, 'auton.toml'), 'utf8');
    assert.equal(auton(['config', 'set', 'agents.models.reviewer', 'openai/gpt-6-sol']).status, 0);
    assert.equal(auton(['config', 'get', 'agents.models.reviewer']).stdout, 'openai/gpt-6-sol\n');
    assert.equal(auton(['config', 'unset', 'agents.models.reviewer']).status, 0);
    assert.equal(readFileSync(join(folder, 'auton.toml'), 'utf8'), before);
  });

  it('keys explains every key', () => {
    const { value } = json<KeyHelp[]>(['config', 'keys']);
    assert.equal(value.find(({ name }) => name === 'kernel.arch')?.default, '"x86_64"');
    assert.match(
      auton(['config', 'keys']).stdout,
      /kernel\.arch {2}x86_64 \| aarch64 \| riscv64 {2}\["x86_64"\]/,
    );
  });

  it('models says what is chosen and what there is, counting keys that are kept elsewhere', () => {
    writeFileSync(join(folder, 'auton.toml'), '[llm.endpoints]\nollama = "http://127.0.0.1:9"\n');
    const args = ['config', 'models', '--kept-keys', 'openai', 'gemini'];
    const { value } = json<ModelCatalogue>(args);
    assert.equal(value.model.name, 'openai/gpt-6-sol');
    const { stdout } = auton(args);
    assert.match(stdout, /every role +openai\/gpt-6-sol +by default/);
    assert.match(stdout, /Ollama +nothing answers at http:\/\/127\.0\.0\.1:9/);
    assert.match(stdout, /playbook\/reference/);
  });
});
