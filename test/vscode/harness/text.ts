import type { Locator } from 'playwright-core';

/** Text as it reads: one line, single blanks. */
export async function textOf(locator: Locator): Promise<string> {
  return clean((await locator.innerText({ timeout: 2000 })) ?? '');
}

export async function textsOf(locator: Locator): Promise<string[]> {
  return (await locator.allInnerTexts()).map(clean);
}

/** What is used of an element in the page; the project is compiled without a browser's types. */
export interface PageElement {
  readonly id: string;
  readonly textContent: string | null;
  readonly classList: { contains: (name: string) => boolean };
  getAttribute(name: string): string | null;
  hasAttribute(name: string): boolean;
  querySelector(selector: string): PageElement | null;
  querySelectorAll(selector: string): Iterable<PageElement>;
}

/** Reads all elements at once, in the page; `read` is sent there as text and can use nothing from outside. */
export function readAll<T>(locator: Locator, read: (elements: PageElement[]) => T): Promise<T> {
  return locator.evaluateAll(read as unknown as (elements: unknown[]) => T);
}

/** A text that contains a string, or that a pattern finds something in. */
export function matches(text: string, wanted: string | RegExp): boolean {
  return typeof wanted === 'string' ? text.includes(wanted) : wanted.test(text);
}

/** A label that is a string, or that a pattern finds something in. */
export function isLabel(label: string, wanted: string | RegExp): boolean {
  return typeof wanted === 'string' ? label === wanted : wanted.test(label);
}

export function exactly(text: string): RegExp {
  return new RegExp(`^\\s*${text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}\\s*$`);
}

function clean(text: string): string {
  return text.replaceAll('\u00a0', ' ').replace(/\s+/g, ' ').trim();
}
