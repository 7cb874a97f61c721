import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { explain, getKey, loadConfig, userConfigFolder } from '../../../src/config/load.ts';
import { ConfigError } from '../../../src/config/problems.ts';
import { UserError } from '../../../src/protocol/errors.ts';

describe('loadConfig', () => {
  let folder: string;
  let env: Record<string, string>;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'auton-config-'));
    env = { HOME: join(folder, 'home') };
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const write = (text: string) => writeFileSync(join(folder, 'auton.toml'), text);
  const load = () => loadConfig({ folder, env });
  const failure = (text: string): ConfigError => {
    write(text);
    try {
      load();
    } catch (error) {
      if (error instanceof ConfigError) return error;
      throw error;
    }
    return assert.fail('the configuration was accepted');
  };

  it('gives the defaults when there is no file', () => {
    const { config, source, problems } = load();
    assert.equal(source, undefined);
    assert.deepEqual(problems, []);
    assert.equal(config.agents.developer_count, 4);
    assert.equal(config.llm.cost.max_cost_usd, 50);
  });

  it('reads the file of the folder before the one of the user', () => {
    mkdirSync(join(folder, 'home/.config/auton'), { recursive: true });
    writeFileSync(join(folder, 'home/.config/auton/auton.toml'), '[agents]\ndeveloper_count = 7\n');
    assert.equal(load().config.agents.developer_count, 7);
    write('[agents]\ndeveloper_count = 2\n');
    assert.equal(load().config.agents.developer_count, 2);
  });

  it('looks for the user file where the platform keeps such files', () => {
    assert.equal(userConfigFolder({ XDG_CONFIG_HOME: '/x', HOME: '/h' }, 'linux'), join('/x', 'auton'));
    assert.equal(userConfigFolder({ HOME: '/h' }, 'darwin'), join('/h', '.config', 'auton'));
    assert.equal(userConfigFolder({ APPDATA: '/a' }, 'win32'), join('/a', 'auton'));
  });

  it('fails when a file that was asked for is missing', () => {
    assert.throws(() => loadConfig({ folder, env, file: 'other.toml' }), /other\.toml does not exist/);
  });

  it('accepts a byte order mark and Windows line ends', () => {
    write('\uFEFF[agents]\r\ndeveloper_count = 3\r\n');
    assert.equal(load().config.agents.developer_count, 3);
  });

  it('names line and nearest key for an unknown key', () => {
    const error = failure('[agents]\n\ndeveloper_cuont = 3\n');
    assert.match(
      error.message,
      /auton\.toml:3: unknown key "agents\.developer_cuont"\. Did you mean "agents\.developer_count"\?/,
    );
    assert.equal(error.exitCode, 2);
  });

  it('finds a key that was written in the wrong section', () => {
    assert.match(
      failure('[llm]\nmax_cost_usd = 3\n').message,
      /:2: .*Did you mean "llm\.cost\.max_cost_usd"\?/,
    );
  });

  it('names an unknown section by its header', () => {
    assert.match(
      failure('\n[agnets]\nx = 1\n').message,
      /:2: unknown key "agnets"\. Did you mean "agents"\?/,
    );
  });

  it('suggests nothing for a key that is like no other', () => {
    assert.doesNotMatch(failure('zzzzqqqq = 1\n').message, /Did you mean/);
  });

  it('says what was expected and what was found', () => {
    const text =
      '[agents]\ndeveloper_count = "four"\n[kernel]\narch = "mips"\n[llm]\nmodel = "gpt"\ntemperature = 7\n';
    const { message, problems } = failure(text);
    assert.equal(problems.length, 4);
    assert.match(message, /:2: agents\.developer_count: expected a number, got string "four"/);
    assert.match(message, /:4: kernel\.arch: expected "x86_64" or "aarch64" or "riscv64", got string "mips"/);
    assert.match(message, /:6: llm\.model: expected "provider\/model", got string "gpt"/);
    assert.match(message, /:7: llm\.temperature: expected at most 2, got number 7/);
  });

  it('names the line of a value inside an inline table and of a table in the place of a value', () => {
    assert.match(
      failure('\n[llm]\ncost = { max_cost_usd = "much" }\n').message,
      /:3: llm\.cost\.max_cost_usd/,
    );
    assert.match(failure('[kernel.arch]\nx = 1\n').message, /:1: kernel\.arch: expected .*, got a table/);
    assert.match(failure('llm = 3\n').message, /:1: llm: expected a table, got number 3/);
  });

  it('names the line of a syntax error without repeating what is on it', () => {
    const { message } = failure('[llm.api_keys]\nanthropic = sk-ant-secret-1234\n');
    assert.match(message, /:2: not valid TOML/);
    assert.doesNotMatch(message, /sk-ant-secret/);
  });

  it('does not show a key value of the wrong type', () => {
    assert.doesNotMatch(failure('[llm.api_keys]\nanthropic = 12345678\n').message, /12345678/);
  });

  it('lets keys of the environment win, and remembers both as secrets', () => {
    write('[llm.api_keys]\nanthropic = "from-file-1"\nopenai = "from-file-2"\n');
    env['ANTHROPIC_API_KEY'] = 'from-env-1\n';
    env['GOOGLE_API_KEY'] = 'from-env-2';
    const { config, secrets, origins } = load();
    assert.equal(config.llm.api_keys.anthropic, 'from-env-1');
    assert.equal(config.llm.api_keys.openai, 'from-file-2');
    assert.equal(config.llm.api_keys.gemini, 'from-env-2');
    assert.deepEqual([...secrets].sort(), ['from-env-1', 'from-env-2', 'from-file-1', 'from-file-2']);
    assert.equal(origins.get('llm.api_keys.anthropic'), 'ANTHROPIC_API_KEY');
  });

  it('ignores an empty variable', () => {
    write('[llm.api_keys]\nanthropic = "from-file-1"\n');
    env['ANTHROPIC_API_KEY'] = '';
    assert.equal(load().config.llm.api_keys.anthropic, 'from-file-1');
  });

  it('doubts budgets that contradict each other and a sandbox that is off', () => {
    write('[llm.cost]\nmax_cost_usd = 10\nwarn_at_usd = 20\n[sandbox]\nmode = "off"\n');
    const { problems } = load();
    assert.deepEqual(
      problems.map((problem) => problem.key),
      ['llm.cost.warn_at_usd', 'sandbox.mode'],
    );
  });

  it('explains every key with its origin and never shows a key', () => {
    write('[agents]\n\ndeveloper_count = 2\n');
    env['OPENAI_API_KEY'] = 'sk-very-secret';
    const rows = explain(load());
    const row = (key: string) => rows.find((candidate) => candidate.key === key);
    assert.equal(row('agents.developer_count')?.origin, `${join(folder, 'auton.toml')}:3`);
    assert.deepEqual(row('kernel.arch'), { key: 'kernel.arch', value: 'x86_64', origin: 'default' });
    assert.deepEqual(row('llm.api_keys.openai'), {
      key: 'llm.api_keys.openai',
      value: '[redacted]',
      origin: 'OPENAI_API_KEY',
    });
    assert.doesNotMatch(JSON.stringify(rows), /very-secret/);
  });

  it('gets one key, redacted when it is a secret', () => {
    env['OPENAI_API_KEY'] = 'sk-very-secret';
    const { config } = load();
    assert.equal(getKey(config, 'llm.cost.max_cost_usd'), 50);
    assert.equal(getKey(config, 'llm.api_keys.openai'), '[redacted]');
    assert.throws(
      () => getKey(config, 'llm.cost.max_cost_us'),
      (error) => error instanceof UserError && /Did you mean "llm\.cost\.max_cost_usd"/.test(error.remedy),
    );
  });
});
