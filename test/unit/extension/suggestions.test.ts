import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { configHelp } from '../../../src/config/help.ts';
import { parseConfig } from '../../../src/config/problems.ts';
import { suggestionsAt } from '../../../src/extension/configuration/suggestions.ts';

const keys = configHelp(readFileSync(new URL('../../../auton.example.toml', import.meta.url), 'utf8'));
const MODELS = ['anthropic/x', 'playbook/reference'];

function at(marked: string) {
  const before = marked.slice(0, marked.indexOf('|')).split('\n');
  const lines = marked.replace('|', '').split('\n');
  const line = before.length - 1;
  const suggestions = suggestionsAt(lines, line, before.at(-1)!.length, keys, MODELS);
  /** The text with one of them taken, its snippet's fields filled with what they offer first. */
  const taking = (label: string) => {
    const { insert, snippet, start, end } = suggestions.find((one) => one.label === label)!;
    const text = snippet
      ? insert.replace(/\$\{1:((?:\\.|[^}])*)\}/g, (_, inner: string) => inner.replace(/\\(.)/g, '$1'))
      : insert;
    const first = text.replace(/\$\{1\|([^,|]*)[^|]*\|\}/g, '$1');
    const changed = [...lines];
    changed[line] = `${lines[line]!.slice(0, start)}${first}${lines[line]!.slice(end)}`;
    return changed.join('\n');
  };
  return { labels: suggestions.map(({ label }) => label), taking };
}

describe('suggestionsAt', () => {
  it('offers the keys of the section that are not written yet', () => {
    const { labels } = at('[workspace]\npath = "k"\n|');
    assert.ok(labels.includes('template'));
    assert.ok(!labels.includes('path'));
    assert.ok(!labels.includes('arch'));
  });

  it('offers the sections that are not written yet, on an empty line and in a header', () => {
    const { labels, taking } = at('[llm]\n\n|');
    assert.ok(labels.includes('[llm.cost]'));
    assert.ok(!labels.includes('[llm]'));
    assert.equal(taking('[kernel]'), '[llm]\n\n[kernel]\n');
    assert.equal(at('[llm]\n[ker|]').taking('kernel'), '[llm]\n[kernel]');
  });

  it('offers the values of an enumeration, replacing what is begun', () => {
    const { labels, taking } = at('[kernel]\narch = "ri|" # mine');
    assert.deepEqual(labels, ['"x86_64"', '"aarch64"', '"riscv64"']);
    assert.equal(taking('"riscv64"'), '[kernel]\narch = "riscv64" # mine');
  });

  it('offers true and false, and the default of other keys', () => {
    assert.deepEqual(at('[validation]\ncomposition_checks = |').labels, ['true', 'false']);
    assert.deepEqual(at('[llm]\nmax_tokens = |').labels, ['16384']);
  });

  it('offers models wherever one is named', () => {
    assert.deepEqual(at('[llm]\nmodel = |').labels, ['"anthropic/x"', '"playbook/reference"']);
    assert.deepEqual(at('[agents.models]\nreviewer = |').labels, ['"anthropic/x"', '"playbook/reference"']);
  });

  it('stays silent in comments and behind keys that do not exist', () => {
    assert.deepEqual(at('[llm]\n# mo|').labels, []);
    assert.deepEqual(at('[llm]\nmodle = |').labels, []);
  });

  it('writes a valid line for every key', () => {
    for (const { name } of keys) {
      const dot = name.lastIndexOf('.');
      const text = at(`[${name.slice(0, dot)}]\n|`).taking(name.slice(dot + 1));
      assert.ok(parseConfig(text, name).given.has(name), text);
    }
  });
});
