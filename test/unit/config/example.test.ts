import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { parse } from 'smol-toml';
import { KEYS } from '../../../src/config/keys.ts';
import { parseConfig } from '../../../src/config/problems.ts';
import { configSchema } from '../../../src/protocol/config.ts';

const text = readFileSync(new URL('../../../auton.example.toml', import.meta.url), 'utf8');
/** The example with the keys that have no default switched on. */
const uncommented = text.replace(/^# ([a-z_]+ = )/gm, '$1');

describe('auton.example.toml', () => {
  it('is a valid configuration equal to the defaults', () => {
    assert.deepEqual(parseConfig(text, 'auton.example.toml').config, configSchema.parse({}));
  });

  it('writes out every key that has a default', () => {
    const { given } = parseConfig(text, 'auton.example.toml');
    const withDefault = KEYS.filter((key) => key.defaultValue !== undefined).map((key) => key.name);
    assert.deepEqual([...given.keys()].sort(), withDefault.sort());
  });

  it('documents every key of the schema, and every commented value is valid', () => {
    const { given } = parseConfig(uncommented, 'auton.example.toml');
    assert.deepEqual([...given.keys()].sort(), KEYS.map((key) => key.name).sort());
  });

  it('names every choice of every enumeration', () => {
    for (const key of KEYS) {
      for (const choice of key.choices ?? [])
        assert.ok(text.includes(`"${choice}"`), `${key.name}: ${choice}`);
    }
  });

  it('keeps the order of the schema', () => {
    assert.deepEqual(Object.keys(parse(text)), Object.keys(configSchema.shape));
  });
});
