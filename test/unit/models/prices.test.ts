import assert from 'node:assert/strict';
import { priceOf, worstCost } from '../../../src/models/prices.ts';
import { estimateTokens } from '../../../src/models/tokens.ts';
import { NO_USAGE } from '../../../src/protocol/usage.ts';

const close = (actual: number | null, expected: number) => {
  assert.ok(actual !== null && Math.abs(actual - expected) < 1e-9, `${actual} instead of ${expected}`);
};
const MILLION = 1_000_000;

describe('prices', () => {
  it('counts each kind of token at its own rate', () => {
    // A retired model, whose prices do not change any more: 15 in, 75 out, 1.5 read, 18.75 written, dollars a million.
    const price = (usage: object) => priceOf('anthropic', 'claude-3-opus-latest', { ...NO_USAGE, ...usage });
    close(price({ inputTokens: MILLION }), 15);
    close(price({ outputTokens: MILLION }), 75);
    close(price({ cacheReadTokens: MILLION }), 1.5);
    close(price({ cacheWriteTokens: MILLION }), 18.75);
    close(price({ inputTokens: 1000, cacheReadTokens: 2000, outputTokens: 100 }), 0.015 + 0.003 + 0.0075);
  });

  it('knows models behind routers by their long names', () => {
    assert.ok((priceOf('openrouter', 'anthropic/claude-opus-5.5', { ...NO_USAGE, inputTokens: 1 }) ?? 0) > 0);
  });

  it('does not know what is not on the list', () => {
    for (const provider of ['anthropic', 'openai', 'gemini', 'openrouter', 'azure'] as const) {
      assert.equal(priceOf(provider, 'no-such-model-1', { ...NO_USAGE, inputTokens: 1 }), null);
      assert.equal(worstCost(provider, 'no-such-model-1', 10, 10), null);
    }
  });

  it("charges nothing for models on one's own machine and for playbooks", () => {
    for (const provider of ['ollama', 'vllm', 'playbook'] as const) {
      assert.equal(priceOf(provider, 'anything', { ...NO_USAGE, outputTokens: MILLION }), 0);
    }
  });

  it('reserves for the case that nothing is cached and the answer is as long as it may be', () => {
    close(worstCost('anthropic', 'claude-3-opus-latest', MILLION, MILLION), 18.75 + 75);
    const worst = worstCost('openai', 'gpt-6-sol', 10_000, 1000) ?? 0;
    for (const usage of [
      { inputTokens: 10_000 },
      { cacheReadTokens: 10_000 },
      { cacheWriteTokens: 10_000 },
      { inputTokens: 5000, cacheWriteTokens: 5000 },
    ]) {
      const real = priceOf('openai', 'gpt-6-sol', { ...NO_USAGE, ...usage, outputTokens: 1000 }) ?? Infinity;
      assert.ok(real <= worst);
    }
  });
});

describe('estimateTokens', () => {
  it('takes three bytes for a token and rounds up', () => {
    assert.equal(estimateTokens(''), 0);
    assert.equal(estimateTokens('a'), 1);
    assert.equal(estimateTokens('int main(void);'), 5);
  });

  it('counts other scripts by their bytes', () => {
    assert.equal(estimateTokens('核心启动'), 4);
  });
});
