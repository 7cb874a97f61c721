/** Why what was typed may not be the key that is meant. */
export type KeyJudgement =
  | { kind: 'impossible' }
  /** It looks like a key for another provider. */
  | { kind: 'foreign'; of: string }
  /** It does not look like this provider's keys. */
  | { kind: 'unusual'; of: string; prefix: string };

/** Shorter than any provider's key. */
const SHORTEST_KEY = 8;

/** Null when nothing speaks against it. `prefixes`: what keys of each provider begin with, where that is known. */
export function judgeKey(
  typed: string,
  provider: string,
  prefixes: readonly { name: string; prefix: string | null }[],
): KeyJudgement | null {
  const key = typed.trim();
  if (key.length < SHORTEST_KEY || /[^\x21-\x7e]/.test(key)) return { kind: 'impossible' };
  const [owner] = prefixes
    .filter(({ prefix }) => prefix !== null && key.startsWith(prefix))
    .sort((a, b) => b.prefix!.length - a.prefix!.length);
  if (owner?.name === provider) return null;
  if (owner) return { kind: 'foreign', of: owner.name };
  const own = prefixes.find(({ name }) => name === provider)?.prefix ?? null;
  return own === null ? null : { kind: 'unusual', of: provider, prefix: own };
}

/** The provider that one of the texts names: alone, or at the head of a model's name ("openai/gpt-x: ..."). */
export function providerIn<N extends string>(texts: readonly unknown[], names: readonly N[]): N | undefined {
  const said = texts.filter((text) => typeof text === 'string').join('\n');
  return names.find((name) => new RegExp(`(^|[^\\w/-])${name}($|/)`, 'm').test(said));
}
