import { calcPrice } from '@pydantic/genai-prices';
import type { Usage } from '../protocol/usage.ts';
import { providerInfo } from './providers.ts';
import type { Provider } from './providers.ts';

/**
 * What a call costs in dollars by the price list that is shipped; null when the model is not on it, which is not the
 * same as nothing. Models on the user's own machine (ollama, vllm) and playbooks are not charged for: 0.
 */
export function priceOf(provider: Provider, model: string, usage: Usage): number | null {
  const { prices } = providerInfo(provider);
  if (prices === null) return 0;
  if (prices === 'unknown') return null;
  const tokens = {
    input_tokens: usage.inputTokens + usage.cacheReadTokens + usage.cacheWriteTokens,
    cache_read_tokens: usage.cacheReadTokens,
    cache_write_tokens: usage.cacheWriteTokens,
    output_tokens: usage.outputTokens,
  };
  try {
    return calcPrice(tokens, model, { providerId: prices })?.total_price ?? null;
  } catch {
    // Thrown for models that the list has without a price for one of these kinds of token.
    return null;
  }
}

/** The most that a call can cost, to be reserved before it: nothing read from a cache, the answer as long as allowed. */
export function worstCost(
  provider: Provider,
  model: string,
  inputTokens: number,
  maxTokens: number,
): number | null {
  const none = { inputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, outputTokens: maxTokens };
  const plain = priceOf(provider, model, { ...none, inputTokens });
  const written = priceOf(provider, model, { ...none, cacheWriteTokens: inputTokens });
  return plain === null ? null : Math.max(plain, written ?? plain);
}
