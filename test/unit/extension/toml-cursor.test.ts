import assert from 'node:assert/strict';
import { tomlCursor, writtenNames } from '../../../src/extension/configuration/toml-cursor.ts';

/** The cursor at the `|` of a text, and the text of what is there. */
function at(marked: string) {
  const lines = marked.replace('|', '').split('\n');
  const before = marked.slice(0, marked.indexOf('|')).split('\n');
  const line = before.length - 1;
  const cursor = tomlCursor(lines, line, before.at(-1)!.length);
  return { ...cursor, text: lines[line]!.slice(cursor.start, cursor.end) };
}

describe('tomlCursor', () => {
  const places: [marked: string, at: string, section: string, key: string | null, text: string][] = [
    ['|', 'key', '', null, ''],
    ['[llm]\n|', 'key', 'llm', null, ''],
    ['[llm]\n  mo|', 'key', 'llm', 'llm.mo', 'mo'],
    ['[llm]\nmo|del = "a/b"', 'key', 'llm', 'llm.model', 'model'],
    ['[llm]\nmodel = |', 'value', 'llm', 'llm.model', ''],
    ['[llm]\nmodel =|', 'value', 'llm', 'llm.model', ''],
    ['[llm]\nmodel = "a|/b" # mine', 'value', 'llm', 'llm.model', '"a/b"'],
    ['[llm]\nmodel = "a#b|" # mine', 'value', 'llm', 'llm.model', '"a#b"'],
    ['[llm]\nmodel = "a" # mi|ne', 'comment', 'llm', null, '# mine'],
    ['[llm]\n# mod|el', 'comment', 'llm', null, '# model'],
    ['[llm]\n[llm.co|', 'header', 'llm.co', null, 'llm.co'],
    ['[ llm.cost| ] # x', 'header', 'llm.cost', null, 'llm.cost'],
    ['[llm]\n\n[kernel]\narch = "|', 'value', 'kernel', 'kernel.arch', '"'],
    ['[llm]\ncost.max_cost_usd = 3|', 'value', 'llm', 'llm.cost.max_cost_usd', '3'],
    ['llm.retries = |', 'value', '', 'llm.retries', ''],
    ['["llm"]\n"model" = |', 'value', 'llm', 'llm.model', ''],
  ];
  for (const [marked, kind, section, key, text] of places) {
    it(`knows ${JSON.stringify(marked)}`, () => {
      const found = at(marked);
      assert.deepEqual([found.at, found.section, found.key, found.text], [kind, section, key, text]);
    });
  }
});

describe('writtenNames', () => {
  it('finds keys and sections, those behind a # not', () => {
    const { keys, sections } = writtenNames([
      '[llm]',
      '# model = "x"',
      'retries = 2',
      '#[kernel]',
      '[agents] # all',
    ]);
    assert.deepEqual([...keys], ['llm.retries']);
    assert.deepEqual([...sections], ['llm', 'agents']);
  });
});
