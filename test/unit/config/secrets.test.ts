import assert from 'node:assert/strict';
import { collectSecrets, createRedactor, redactConfig } from '../../../src/config/secrets.ts';
import { configSchema } from '../../../src/protocol/config.ts';

describe('createRedactor', () => {
  it('replaces a key wherever it stands', () => {
    const redact = createRedactor(['sk-ant-abcdef']);
    assert.equal(redact('key=sk-ant-abcdef, again sk-ant-abcdef.'), 'key=[redacted], again [redacted].');
  });

  it('replaces it JSON-escaped, twice escaped, URL-encoded and in base64', () => {
    const secret = 'pa"ss\\wo/rd+1';
    const redact = createRedactor([secret]);
    const json = JSON.stringify({ secret });
    for (const text of [
      json,
      JSON.stringify(json),
      encodeURIComponent(secret),
      Buffer.from(secret).toString('base64'),
    ]) {
      assert.ok(redact(text).includes('[redacted]'), text);
    }
    assert.doesNotMatch(redact(json), /wo\/rd/);
  });

  it('replaces the longer of two keys that begin alike', () => {
    assert.equal(createRedactor(['secret-1', 'secret-1-long'])('secret-1-long'), '[redacted]');
  });

  it('treats a key as text, not as a pattern', () => {
    assert.equal(createRedactor(['a.c+(x)$'])('abcccx a.c+(x)$'), 'abcccx [redacted]');
  });

  it('leaves text alone without secrets or with ones too short to tell from words', () => {
    assert.equal(createRedactor([])('text'), 'text');
    assert.equal(createRedactor(['', 'the'])('the text'), 'the text');
  });
});

describe('redactConfig', () => {
  const config = configSchema.parse({
    llm: {
      api_keys: { openai: 'sk-openai-1' },
      endpoints: { openai: 'https://user:hunter22@gateway.example.com/v1' },
    },
  });

  it('shows neither keys nor passwords in addresses, and leaves the original alone', () => {
    const shown = JSON.stringify(redactConfig(config));
    assert.doesNotMatch(shown, /sk-openai-1|hunter22/);
    assert.match(shown, /gateway\.example\.com/);
    assert.equal(config.llm.api_keys.openai, 'sk-openai-1');
  });

  it('collects the same values for the redactor', () => {
    const secrets = collectSecrets(config, { GEMINI_API_KEY: 'AIza-xyz', PATH: '/bin' });
    assert.deepEqual(secrets.sort(), ['AIza-xyz', 'hunter22', 'sk-openai-1']);
  });
});
