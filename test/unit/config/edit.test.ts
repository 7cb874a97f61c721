import assert from 'node:assert/strict';
import { chmodSync, lstatSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setKey, unsetKey, withValue } from '../../../src/config/edit.ts';

const example = readFileSync(new URL('../../../auton.example.toml', import.meta.url), 'utf8');

describe('setKey', () => {
  let folder: string;
  let file: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'auton-config-'));
    file = join(folder, 'auton.toml');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const edited = (text: string, key: string, value: string): string => {
    writeFileSync(file, text);
    setKey(file, key, value);
    return readFileSync(file, 'utf8');
  };

  it('changes one value and nothing else', () => {
    const text =
      '# mine\n[agents] # team\n  developer_count =   4   # busy\nmax_turns = 80\n\n[kernel]\narch = "x86_64"\n';
    assert.equal(edited(text, 'agents.developer_count', '2'), text.replace('=   4 ', '=   2 '));
  });

  it('changes any key of the example in place', () => {
    const after = edited(example, 'kernel.arch', 'riscv64');
    assert.equal(after, example.replace('arch = "x86_64"', 'arch = "riscv64"'));
  });

  it('adds a key below the line where it stands switched off', () => {
    const text =
      '[llm]\n# provider/model\n# model = "a/b"\n# Tokens.\nmax_tokens = 9\n\n[kernel]\n# cc = "x"\n';
    assert.equal(
      edited(text, 'llm.model', 'c/d'),
      text.replace('# model = "a/b"\n', '# model = "a/b"\nmodel = "c/d"\n'),
    );
  });

  it('adds a key to its section, behind the last one', () => {
    const text = '[llm.cost]\nmax_cost_usd = 1\n\n# below\n[kernel]\n';
    assert.equal(
      edited(text, 'llm.cost.per_task_usd', '0.5'),
      '[llm.cost]\nmax_cost_usd = 1\nper_task_usd = 0.5\n\n# below\n[kernel]\n',
    );
  });

  it('adds a missing section at the end', () => {
    assert.equal(
      edited('[kernel]\nas = "nasm"', 'agents.max_turns', '9'),
      '[kernel]\nas = "nasm"\n\n[agents]\nmax_turns = 9\n',
    );
  });

  it('adds a key below an empty header at the end of the file', () => {
    assert.equal(edited('[agents]', 'agents.max_turns', '9'), '[agents]\nmax_turns = 9\n');
  });

  it('finds dotted and quoted keys', () => {
    assert.equal(edited('agents.max_turns = 5\n', 'agents.max_turns', '9'), 'agents.max_turns = 9\n');
    assert.equal(
      edited('["agents"]\n"max_turns" = 5\n', 'agents.max_turns', '9'),
      '["agents"]\n"max_turns" = 9\n',
    );
  });

  it('is not misled by brackets, equal signs and hashes in strings', () => {
    const text =
      '[logging]\nagent_log = """\n[agents]\nmax_turns = 1 # no\n"""\norchestrator_log = \'a#b = [\'\n[agents]\nmax_turns = 1\n';
    assert.equal(edited(text, 'agents.max_turns', '2'), text.replace(/1\n$/, '2\n'));
  });

  it('keeps Windows line ends of the other lines', () => {
    assert.equal(
      edited('[agents]\r\nmax_turns = 1\r\n', 'agents.max_turns', '2'),
      '[agents]\r\nmax_turns = 2\r\n',
    );
  });

  it('creates the file', () => {
    setKey(file, 'llm.model', 'ollama/qwen');
    assert.equal(readFileSync(file, 'utf8'), '[llm]\nmodel = "ollama/qwen"\n');
  });

  it('escapes what TOML needs escaped', () => {
    assert.equal(withValue('', ['logging', 'agent_log'], 'a"\\\n'), '[logging]\nagent_log = "a\\"\\\\\\n"\n');
  });

  it('refuses wrong values, unknown keys and broken files, and changes nothing', () => {
    const text = '[agents]\nmax_turns = 1\n';
    writeFileSync(file, text);
    assert.throws(() => setKey(file, 'agents.max_turns', 'many'), /expected a number, got "many"/);
    assert.throws(() => setKey(file, 'agents.max_turns', '0'), /agents\.max_turns/);
    assert.throws(() => setKey(file, 'kernel.arch', 'mips'), /"x86_64" or "aarch64" or "riscv64"/);
    assert.throws(() => setKey(file, 'agents.max_turn', '3'), /no configuration key/);
    assert.equal(readFileSync(file, 'utf8'), text);
    writeFileSync(file, '[agents]\nmax_trns = 1\n');
    assert.throws(() => setKey(file, 'agents.max_turns', '3'), /unknown key "agents\.max_trns"/);
    assert.deepEqual(readdirSync(folder), ['auton.toml']);
  });

  it('says so when the section is an inline table', () => {
    writeFileSync(file, 'llm = { max_tokens = 5 }\n');
    assert.throws(() => setKey(file, 'llm.temperature', '1'), /line 1 writes llm as an inline table/);
  });

  it('keeps the mode, and takes it from others once a key is written', () => {
    writeFileSync(file, '');
    chmodSync(file, 0o640);
    setKey(file, 'agents.max_turns', '3');
    assert.equal(statSync(file).mode & 0o777, 0o640);
    setKey(file, 'llm.api_keys.openai', 'sk-123456');
    assert.equal(statSync(file).mode & 0o777, 0o600);
  });

  it('writes through a symbolic link', () => {
    const real = join(folder, 'real.toml');
    writeFileSync(real, '[agents]\nmax_turns = 1\n');
    symlinkSync(real, file);
    setKey(file, 'agents.max_turns', '2');
    assert.ok(lstatSync(file).isSymbolicLink());
    assert.equal(readFileSync(real, 'utf8'), '[agents]\nmax_turns = 2\n');
  });
});

describe('unsetKey', () => {
  let folder: string;
  let file: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'auton-config-'));
    file = join(folder, 'auton.toml');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('takes the line of a key out and leaves the rest as it is', () => {
    writeFileSync(file, '# mine\n[llm]\nmodel = "a/b" # once\n# below\nretries = 2\n');
    assert.equal(unsetKey(file, 'llm.model'), true);
    assert.equal(readFileSync(file, 'utf8'), '# mine\n[llm]\n# below\nretries = 2\n');
  });

  it('says that there was nothing to take out, and writes nothing', () => {
    assert.equal(unsetKey(file, 'llm.model'), false);
    assert.deepEqual(readdirSync(folder), []);
    writeFileSync(file, '[llm]\nretries = 2\n');
    assert.equal(unsetKey(file, 'llm.model'), false);
  });

  it('refuses a key inside an inline table', () => {
    writeFileSync(file, 'llm = { model = "a/b" }\n');
    assert.throws(() => unsetKey(file, 'llm.model'), /inline table/);
  });

  it('refuses a key that does not exist', () => {
    assert.throws(() => unsetKey(file, 'llm.modle'), /no configuration key/);
  });
});
