import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { l10nCalls } from '../../fixtures/l10n-strings.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const readTexts = (file: string) =>
  JSON.parse(readFileSync(join(root, file), 'utf8')) as Record<string, string>;

const calls = l10nCalls(root, 'src/extension');
const bundles = readdirSync(join(root, 'l10n')).map((name) => join('l10n', name));
const manifests = readdirSync(root).filter((name) => /^package\.nls\.\w+\.json$/.test(name));

/** What a translation has to keep: places of arguments, icons, addresses of links. */
const kept = (text: string) =>
  [
    ...(text.match(/\{\d+\}/g) ?? []),
    ...(text.match(/\$\([\w~-]+\)/g) ?? []),
    ...(text.match(/\((?:command|https?):[^)]*\)/g) ?? []),
  ].sort();

describe('the texts of the extension', () => {
  it('are written where they can be found for translation', () => {
    assert.ok(calls.length > 100, `only ${calls.length} were found`);
    assert.deepEqual(
      calls.filter(({ text }) => text === null).map(({ place }) => place),
      [],
    );
  });

  it('are translated', () => {
    assert.ok(bundles.length > 0);
    assert.ok(manifests.length > 0);
  });

  for (const file of bundles) {
    it(`are all in ${file}, and nothing else is`, () => {
      const texts = readTexts(file);
      const used = new Map(calls.map(({ text, place }) => [text ?? '', place]));
      const missing = [...used].filter(([text]) => !(text in texts));
      assert.deepEqual(missing, [], 'texts without a translation');
      const unused = Object.keys(texts).filter((text) => !used.has(text));
      assert.deepEqual(unused, [], 'translations of texts that are gone');
    });

    it(`keep arguments and icons in ${file}`, () => {
      for (const [text, translation] of Object.entries(readTexts(file))) {
        assert.ok(translation.trim() !== '', text);
        assert.deepEqual(kept(translation), kept(text), text);
      }
    });
  }

  for (const file of manifests) {
    it(`keep arguments, icons and links in ${file}`, () => {
      const original = readTexts('package.nls.json');
      for (const [key, translation] of Object.entries(readTexts(file)))
        assert.deepEqual(kept(translation), kept(original[key] ?? ''), key);
    });
  }
});
