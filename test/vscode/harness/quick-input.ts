/** The box at the top of the window: the command palette, pickers and questions. */
import type { Locator } from 'playwright-core';
import { isLabel, matches, readAll, textOf } from './text.ts';
import type { Workbench } from './workbench.ts';

export interface QuickItem {
  label: string;
  description: string;
  /** As a screen reader says it: label, description and detail. */
  spoken: string;
  checked: boolean | null;
}

export class QuickInput {
  readonly #workbench: Workbench;

  constructor(workbench: Workbench) {
    this.#workbench = workbench;
  }

  get #box(): Locator {
    return this.#workbench.page.locator('.quick-input-widget').filter({ visible: true });
  }

  get #input(): Locator {
    return this.#box.locator('.quick-input-box input');
  }

  async isOpen(): Promise<boolean> {
    return (await this.#box.count()) > 0;
  }

  /** Types into the palette until it offers a command; those of an extension come to it a moment after the window. */
  async openPalette(typed: string): Promise<void> {
    const { page } = this.#workbench;
    await this.#workbench.until(`the palette to offer "${typed}"`, async () => {
      if (!(await this.isOpen()) || !(await this.#input.inputValue({ timeout: 1000 })).startsWith('>')) {
        await page.keyboard.press('Escape');
        await page.keyboard.press('F1');
        await this.#input.waitFor({ state: 'visible', timeout: 3000 });
      }
      // Typed anew each time: the list is made when the text changes.
      await this.#input.fill('>', { timeout: 2000 });
      await this.#input.fill(`>${typed}`, { timeout: 2000 });
      for (let looks = 0; looks < 10; looks++) {
        const items = await this.items();
        if (items.some(({ label }) => label.toLowerCase().includes(typed.toLowerCase()))) return true;
        await page.waitForTimeout(100);
      }
      return false;
    });
  }

  /** What it says above and below the text: title, prompt or problem. */
  async message(): Promise<string> {
    const title = await textOf(this.#box.locator('.quick-input-title').first()).catch(() => '');
    const message = await textOf(this.#box.locator('.quick-input-message').first()).catch(() => '');
    return [title, message].filter(Boolean).join(': ');
  }

  /** Waits for a picker or question whose title, prompt or placeholder says this. */
  async asks(text: string | RegExp): Promise<void> {
    await this.#workbench.until(`the question ${text}`, async () => {
      if (!(await this.isOpen())) return false;
      const placeholder = (await this.#input.getAttribute('placeholder', { timeout: 1000 })) ?? '';
      return matches(`${await this.message()} ${placeholder}`, text);
    });
  }

  async items(): Promise<QuickItem[]> {
    const rows = this.#box.locator('.quick-input-list .monaco-list-row');
    return readAll(rows, (all) =>
      all.map((row) => ({
        label: (row.querySelector('.label-name')?.textContent ?? '').trim(),
        description: (row.querySelector('.label-description')?.textContent ?? '').trim(),
        spoken: row.getAttribute('aria-label') ?? '',
        checked: row.hasAttribute('aria-checked') ? row.getAttribute('aria-checked') === 'true' : null,
      })),
    );
  }

  /** Waits for an item by its label and takes it. A picker that went away by itself is asked for again by `again`. */
  async pick(label: string | RegExp, again?: () => Promise<void>): Promise<void> {
    const rows = this.#box.locator('.quick-input-list .monaco-list-row');
    // The list may be made anew between the look and the click, and a tooltip may lie over what is meant.
    const { page } = this.#workbench;
    await this.#workbench.until(`the item ${label}`, async () => {
      if (again && !(await this.isOpen())) {
        await again();
        return false;
      }
      const found = (await this.items()).findIndex((item) => isLabel(item.label, label));
      if (found < 0) return false;
      // A window behind another draws no frames, without which nothing counts as being at rest.
      await page.bringToFront();
      await page.mouse.move(0, 0);
      await rows.nth(found).click({ timeout: 2000 });
      return true;
    });
  }

  async type(text: string): Promise<void> {
    await this.#workbench.until('a box to type into', async () => (await this.#input.count()) > 0);
    await this.#input.fill(text);
  }

  async accept(): Promise<void> {
    await this.#input.press('Enter');
  }

  async close(): Promise<void> {
    await this.#workbench.page.keyboard.press('Escape');
    await this.#workbench.until('the box to close', async () => {
      if (!(await this.isOpen())) return true;
      await this.#workbench.page.keyboard.press('Escape');
      return false;
    });
  }
}
