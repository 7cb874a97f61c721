import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { configHelp, starterConfig } from '../../../src/config/help.ts';
import { KEYS } from '../../../src/config/keys.ts';
import { parseConfig } from '../../../src/config/problems.ts';
import { configSchema } from '../../../src/protocol/config.ts';

const example = readFileSync(new URL('../../../auton.example.toml', import.meta.url), 'utf8');
const help = configHelp(example);
const of = (name: string) => help.find((key) => key.name === name);

describe('configHelp', () => {
  it('explains every key', () => {
    assert.deepEqual(
      help.map(({ name }) => name),
      KEYS.map(({ name }) => name),
    );
    for (const { name, description } of help) assert.match(description, /^\S.*[.)]$/, name);
  });

  it('gives the type, the choices, and the default as it is written in TOML', () => {
    assert.deepEqual(of('kernel.accel'), {
      name: 'kernel.accel',
      type: 'string',
      choices: ['auto', 'tcg', 'kvm', 'hvf', 'whpx'],
      default: '"auto"',
      description: '"auto" takes the fastest that works: "tcg", "kvm", "hvf" or "whpx".',
    });
    assert.equal(of('agents.max_tokens_per_task')?.default, '4_000_000');
  });

  it('gives an example in place of a default that does not exist', () => {
    assert.equal(of('llm.model')?.default, undefined);
    assert.equal(of('llm.model')?.example, '"anthropic/claude-opus-5-5"');
  });

  it('lets keys share the comment above them, within their section', () => {
    assert.equal(of('validation.test_timeout')?.description, 'Seconds.');
    assert.match(of('agents.tester_count')?.description ?? '', /^How many agents of a role/);
    assert.match(of('agents.max_turns')?.description ?? '', /^Limits of one task/);
  });
});

describe('starterConfig', () => {
  it('sets nothing, and explains every key', () => {
    const starter = starterConfig(example);
    const { config, given } = parseConfig(starter, 'auton.toml');
    assert.deepEqual(config, configSchema.parse({}));
    assert.equal(given.size, 0);
    const on = parseConfig(starter.replace(/^# ([a-z_]+ = )/gm, '$1'), 'auton.toml');
    assert.deepEqual([...on.given.keys()].sort(), KEYS.map(({ name }) => name).sort());
  });
});
