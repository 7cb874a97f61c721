import assert from 'node:assert/strict';
import { failureKind } from '../../../src/extension/models/failure-kind.ts';
import { judgeKey, providerIn } from '../../../src/extension/models/key-shape.ts';
import { modelNameProblem, priceText, shortOrigin } from '../../../src/extension/models/model-text.ts';

const PREFIXES = [
  { name: 'anthropic', prefix: 'sk-ant-' },
  { name: 'openai', prefix: 'sk-' },
  { name: 'openrouter', prefix: 'sk-or-' },
  { name: 'gemini', prefix: null },
];

describe('judgeKey', () => {
  const judge = (typed: string, provider: string) => judgeKey(typed, provider, PREFIXES);

  it('has nothing against a key that looks like the provider’s', () => {
    assert.equal(judge('sk-ant-api03-abcdefgh', 'anthropic'), null);
    assert.equal(judge('  sk-proj-abcdefgh\n', 'openai'), null);
    assert.equal(judge('anything-at-all', 'gemini'), null);
  });

  it('tells whose key it looks like, by the longest beginning', () => {
    assert.deepEqual(judge('sk-ant-api03-abcdefgh', 'openai'), { kind: 'foreign', of: 'anthropic' });
    assert.deepEqual(judge('sk-or-v1-abcdefgh', 'gemini'), { kind: 'foreign', of: 'openrouter' });
  });

  it('tells what the provider’s keys look like', () => {
    assert.deepEqual(judge('AIzaSyabcdefgh', 'openai'), { kind: 'unusual', of: 'openai', prefix: 'sk-' });
  });

  for (const [what, typed] of [
    ['nothing', ''],
    ['spaces', '    '],
    ['a word that is too short', 'sk-a'],
    ['a sentence', 'my key is sk-ant-123'],
    ['letters that no key has', 'sk-ant-schlüssel'],
  ] as const) {
    it(`refuses ${what}`, () => assert.deepEqual(judge(typed, 'anthropic'), { kind: 'impossible' }));
  }
});

describe('providerIn', () => {
  const names = PREFIXES.map(({ name }) => name);

  it('takes a provider’s name, or the one before a model’s', () => {
    assert.equal(providerIn(['gemini'], names), 'gemini');
    const said = 'openrouter/anthropic/claude-x: access was refused, 401: invalid key';
    assert.equal(providerIn([undefined, said], names), 'openrouter');
  });

  it('finds none in other words', () => {
    assert.equal(providerIn([undefined, 'The budget is reached.', 7], names), undefined);
    assert.equal(providerIn(['my-openai/x'], names), undefined);
  });
});

describe('failureKind', () => {
  const kinds: [code: string, said: string, kind: string][] = [
    ['NoPermissions', 'consent was not given', 'no_permission'],
    ['NotFound', 'gone', 'not_found'],
    ['Blocked', 'filtered', 'refused'],
    ['Blocked', 'quota exceeded', 'overloaded'],
    ['Unknown', 'Request failed: 429 Too Many Requests', 'overloaded'],
    ['', 'This prompt is too long: 300000 tokens', 'refused'],
    ['', 'socket hang up', 'failed'],
  ];
  for (const [code, said, kind] of kinds) {
    it(`${code || 'no code'}, "${said}": ${kind}`, () => assert.equal(failureKind(code, said), kind));
  }
});

describe('texts about models', () => {
  it('accepts provider/model of a known provider and nothing else', () => {
    const known = ['openai', 'ollama'];
    assert.equal(modelNameProblem(' ollama/qwen3-coder:30b ', known), false);
    for (const typed of ['', 'openai', 'openai/', '/x', 'nobody/x', 'openai/a b'])
      assert.equal(modelNameProblem(typed, known), true, typed);
  });

  it('shortens a place to its file and line', () => {
    assert.equal(shortOrigin('/home/me/kernel/auton.toml:12'), 'auton.toml:12');
  });

  it('puts prices into words', () => {
    assert.equal(
      priceText({ input: 0.2, output: 5 }, (from, to) => `${from}, ${to}`),
      '$0.2, $5',
    );
  });
});
