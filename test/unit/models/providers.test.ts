import assert from 'node:assert/strict';
import { findProvider } from '@pydantic/genai-prices';
import { createModels } from '../../../src/models/models.ts';
import { priceOf } from '../../../src/models/prices.ts';
import { PROVIDERS, defaultModelName, modelNameFor, parseModelName } from '../../../src/models/providers.ts';
import type { Provider, ProviderInfo } from '../../../src/models/providers.ts';
import { configSchema } from '../../../src/protocol/config.ts';
import { UserError } from '../../../src/protocol/errors.ts';
import { NO_USAGE } from '../../../src/protocol/usage.ts';

const providers = Object.entries(PROVIDERS) as [Provider, ProviderInfo][];

describe('parseModelName', () => {
  it('splits at the first slash', () => {
    assert.deepEqual(parseModelName('anthropic/claude-x'), { provider: 'anthropic', model: 'claude-x' });
    assert.deepEqual(parseModelName('openrouter/anthropic/claude-x'), {
      provider: 'openrouter',
      model: 'anthropic/claude-x',
    });
    assert.deepEqual(parseModelName('ollama/qwen3:32b'), { provider: 'ollama', model: 'qwen3:32b' });
  });

  it('refuses what is no model name, with the nearest provider', () => {
    for (const name of ['claude', 'anthropic/', '/x', '', 'toString/x']) {
      assert.throws(() => parseModelName(name), UserError, name);
    }
    assert.throws(
      () => parseModelName('antropic/claude-x'),
      (error) => error instanceof UserError && error.remedy === 'Did you mean "anthropic/claude-x"?',
    );
  });
});

describe('the default model', () => {
  const config = (keys: object, rest: object = {}) =>
    configSchema.parse({ llm: { api_keys: keys, ...rest } });

  it('is the playbook without a key, and the provider whose key is there otherwise', () => {
    assert.equal(defaultModelName(config({})), 'playbook/reference');
    assert.match(defaultModelName(config({ gemini: 'k' })), /^gemini\//);
    assert.match(defaultModelName(config({ openai: 'k', anthropic: 'k' })), /^anthropic\//);
    assert.equal(defaultModelName(config({ azure: 'k' })), 'playbook/reference');
  });

  it('gives way to llm.model, and that to a role of its own', () => {
    const chosen = configSchema.parse({
      llm: { model: 'ollama/a', api_keys: { openai: 'k' } },
      agents: { models: { reviewer: 'vllm/b' } },
    });
    assert.equal(modelNameFor(chosen, 'developer'), 'ollama/a');
    assert.equal(modelNameFor(chosen, 'reviewer'), 'vllm/b');
  });

  for (const [provider, info] of providers.filter(([, { defaultModel }]) => defaultModel)) {
    it(`of ${provider} is on the price list and not deprecated`, () => {
      const model = info.defaultModel ?? '';
      const price = priceOf(provider, model, { ...NO_USAGE, inputTokens: 1_000_000 });
      assert.ok(price !== null && price > 0);
      const listed = findProvider({ providerId: info.prices ?? '' })?.models.find(({ id }) => id === model);
      assert.ok(listed, model);
      assert.ok(!listed.deprecated);
    });
  }
});

describe('createModels', () => {
  const models = (llm: object, agents: object = {}) =>
    createModels(configSchema.parse({ llm, agents: { models: agents } }), {
      env: {},
      playbooksFolder: '/nowhere',
      folder: '/',
    });
  const remedy = (llm: object): string => {
    try {
      models(llm).clientFor('developer');
    } catch (error) {
      if (error instanceof UserError) return error.remedy;
    }
    return assert.fail('it was accepted');
  };

  it('says which key is missing, and where to put it', () => {
    assert.match(remedy({ model: 'anthropic/x' }), /ANTHROPIC_API_KEY.*llm\.api_keys\.anthropic/);
    assert.match(remedy({ model: 'gemini/x' }), /GEMINI_API_KEY/);
    assert.match(
      remedy({ model: 'azure/x', endpoints: { azure: 'https://a.example' } }),
      /AZURE_OPENAI_API_KEY/,
    );
  });

  it('says which address is missing', () => {
    assert.match(remedy({ model: 'vllm/x' }), /config set llm\.endpoints\.vllm/);
    assert.match(remedy({ model: 'azure/x', api_keys: { azure: 'k' } }), /llm\.endpoints\.azure/);
  });

  it("needs no key for local models and for servers of one's own", () => {
    assert.equal(models({ model: 'ollama/qwen3' }).clientFor('developer').label, 'ollama/qwen3');
    const own = models({ model: 'openai/x', endpoints: { openai: 'http://localhost:1234/v1' } });
    assert.equal(own.clientFor('developer').provider, 'openai');
  });

  it('gives roles their own models, and the same client for the same model', () => {
    const created = models({ model: 'ollama/a' }, { reviewer: 'ollama/b' });
    assert.equal(created.clientFor('developer').client, created.clientFor('tester').client);
    assert.equal(created.clientFor('reviewer').model, 'b');
  });
});
