import type { Architecture } from '../../protocol/roles.ts';

/** What `{name}` stands for where a playbook is played: a text, or a list of them. */
export type Terms = Record<string, string | string[]>;

/** The terms of an architecture; `{arch}` is its name. */
export function termsFor(
  { terms }: { terms: Partial<Record<Architecture, Terms>> },
  arch: Architecture,
): Terms {
  return { ...terms[arch], arch };
}

/**
 * The same value with terms in the place of their names, in every text of it. A list takes the place of an item that
 * is only its name. Braces around anything else stay.
 */
export function withTerms<Value>(value: Value, terms: Terms): Value {
  return replaced(value, terms) as Value;
}

function replaced(value: unknown, terms: Terms): unknown {
  if (typeof value === 'string') {
    return value.replace(/\{(\w+)\}/g, (found, name: string) => {
      const term = Object.hasOwn(terms, name) ? terms[name] : undefined;
      return Array.isArray(term) ? term.join(', ') : (term ?? found);
    });
  }
  if (Array.isArray(value))
    return value.flatMap((item: unknown) => listFor(item, terms) ?? [replaced(item, terms)]);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, replaced(part, terms)]));
}

function listFor(item: unknown, terms: Terms): string[] | undefined {
  const name = typeof item === 'string' ? /^\{(\w+)\}$/.exec(item)?.[1] : undefined;
  const term = name !== undefined && Object.hasOwn(terms, name) ? terms[name] : undefined;
  return Array.isArray(term) ? term : undefined;
}
