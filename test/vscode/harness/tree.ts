/** A view with a tree, such as "Runs" of AUTON. Of a long tree only the rows on the screen exist. */
import type { Locator } from 'playwright-core';
import { exactly, isLabel, readAll, textsOf } from './text.ts';
import type { Workbench } from './workbench.ts';

export interface Row {
  label: string;
  description: string;
  /** 1 is the outermost. */
  level: number;
  /** null for a leaf. */
  expanded: boolean | null;
  /** As a screen reader says it. */
  spoken: string;
}

/** Where a view's header has its title, and not the buttons that stand there while the pointer is on it. */
const HEADER_TEXT = { x: 30, y: 10 };

export class Tree {
  readonly #workbench: Workbench;
  readonly #title: string;

  constructor(workbench: Workbench, title: string) {
    this.#workbench = workbench;
    this.#title = title;
  }

  get #pane(): Locator {
    const header = `.pane-header[aria-label="${this.#title} Section"], .pane-header[aria-label^="${this.#title}"]`;
    return this.#workbench.page.locator('.pane', { has: this.#workbench.page.locator(header) }).first();
  }

  get #rows(): Locator {
    return this.#pane.locator('.monaco-list-row');
  }

  /** Unfolds the view itself. */
  async open(): Promise<void> {
    const header = this.#pane.locator('.pane-header');
    await this.#workbench.until(`the view ${this.#title}`, async () => {
      if ((await header.getAttribute('aria-expanded', { timeout: 2000 })) === 'true') return true;
      await header.click({ position: HEADER_TEXT });
      return false;
    });
  }

  /** Folds the other views of the container, so that this one has all the room. */
  async maximise(): Promise<void> {
    await this.open();
    const open = this.#workbench.page.locator('.sidebar .pane-header[aria-expanded="true"]');
    const others = open.and(this.#workbench.page.locator(`:not([aria-label^="${this.#title}"])`));
    await this.#workbench.until('the other views to fold', async () => {
      if ((await others.count()) === 0) return true;
      await others.first().click({ timeout: 2000, position: HEADER_TEXT });
      return false;
    });
  }

  /** The rows on the screen. */
  async rows(): Promise<Row[]> {
    return readAll(this.#rows, (all) =>
      all
        .map((row) => ({
          index: Number(row.getAttribute('data-index')),
          label: (row.querySelector('.label-name')?.textContent ?? '').trim(),
          description: (row.querySelector('.label-description')?.textContent ?? '').trim(),
          level: Number(row.getAttribute('aria-level') ?? 1),
          expanded: row.hasAttribute('aria-expanded') ? row.getAttribute('aria-expanded') === 'true' : null,
          spoken: row.getAttribute('aria-label') ?? '',
        }))
        .sort((a, b) => a.index - b.index)
        .map(({ index: _, ...row }) => row),
    );
  }

  /** Waits for a row by its label, scrolling to it. */
  async row(label: string | RegExp, timeoutMs?: number): Promise<Row> {
    await this.#find(label, timeoutMs);
    const rows = await this.rows();
    const found = rows.find((row) => isLabel(row.label, label));
    if (!found) throw new Error(`The row ${label} of ${this.#title} went away`);
    return found;
  }

  /** The text and the buttons that the view shows when it is empty. */
  async welcome(): Promise<{ text: string; buttons: string[] }> {
    const content = this.#pane.locator('.welcome-view-content').filter({ visible: true });
    await this.#workbench.until(
      `the welcome text of ${this.#title}`,
      async () => (await content.count()) > 0,
    );
    return {
      text: (await textsOf(content.locator('p'))).join('\n'),
      buttons: await textsOf(content.locator('.monaco-button')),
    };
  }

  /** Waits until that text says this: a view shows another one until the extension has looked around. */
  async welcomeSays(what: RegExp): Promise<{ text: string; buttons: string[] }> {
    return this.#workbench.until(`the welcome text of ${this.#title} to say ${what}`, async () => {
      const welcome = await this.welcome();
      return what.test(welcome.text) && welcome;
    });
  }

  async pressWelcome(button: string): Promise<void> {
    await this.#pane.locator('.welcome-view-content .monaco-button', { hasText: exactly(button) }).click();
  }

  async click(label: string | RegExp): Promise<void> {
    await (await this.#find(label)).locator('.monaco-icon-label').first().click();
  }

  async doubleClick(label: string | RegExp): Promise<void> {
    await (await this.#find(label)).locator('.monaco-icon-label').first().dblclick();
  }

  async expand(label: string | RegExp): Promise<void> {
    await this.#setExpanded(label, true);
  }

  async fold(label: string | RegExp): Promise<void> {
    await this.#setExpanded(label, false);
  }

  /** What is shown when the pointer rests on a row. */
  async tooltip(label: string | RegExp): Promise<string> {
    const hover = this.#workbench.page.locator('.monaco-hover, .workbench-hover').filter({ visible: true });
    await (await this.#find(label)).locator('.monaco-icon-label').first().hover();
    return this.#workbench.until(`the tooltip of ${label}`, async () => {
      const text = (await textsOf(hover)).join('\n');
      return !/^(Loading\.\.\.)?$/.test(text) && text;
    });
  }

  /** The entries of a row's context menu; it is closed again. */
  async menu(label: string | RegExp): Promise<string[]> {
    await (await this.#find(label)).locator('.monaco-icon-label').first().click({ button: 'right' });
    const entries = await this.#workbench.menu();
    await this.#workbench.press('Escape');
    return entries;
  }

  async pickFromMenu(label: string | RegExp, entry: string): Promise<void> {
    await (await this.#find(label)).locator('.monaco-icon-label').first().click({ button: 'right' });
    await this.#workbench.pickFromMenu(entry);
  }

  /** Presses a button that stands in the row. */
  async button(label: string | RegExp, button: string): Promise<void> {
    const row = await this.#find(label);
    await row.hover();
    await row.locator(`.action-label[aria-label^="${button}"]`).click();
  }

  /** Presses a button in the view's title. */
  async titleButton(button: string): Promise<void> {
    await this.#pane.hover();
    await this.#pane.locator(`.pane-header .action-label[aria-label^="${button}"]`).click();
  }

  async #setExpanded(label: string | RegExp, wanted: boolean): Promise<void> {
    const row = await this.#find(label);
    await this.#workbench.until(`${label} to be ${wanted ? 'unfolded' : 'folded'}`, async () => {
      if ((await row.getAttribute('aria-expanded')) === String(wanted)) return true;
      await row.locator('.monaco-tl-twistie').click({ timeout: 2000 });
      await this.#workbench.page.waitForTimeout(200);
      return false;
    });
  }

  /** The row's element, scrolled to. */
  async #find(label: string | RegExp, timeoutMs?: number): Promise<Locator> {
    const list = this.#pane.locator('.monaco-list').first();
    await this.#workbench.until(
      `the row ${label} in ${this.#title}`,
      async () => {
        const seen = new Set<string>();
        if (await this.#visible(label)) return true;
        await list.hover({ timeout: 2000 });
        await this.#workbench.page.mouse.wheel(0, -1e6);
        for (;;) {
          await this.#workbench.page.waitForTimeout(50);
          if (await this.#visible(label)) return true;
          const before = seen.size;
          for (const row of await this.rows()) seen.add(`${row.level} ${row.spoken}`);
          if (seen.size === before) return false;
          await this.#workbench.page.mouse.wheel(0, 120);
        }
      },
      timeoutMs,
    );
    const rows = await this.#rows.all();
    for (const row of rows) {
      const text =
        (await row
          .locator('.label-name')
          .first()
          .textContent({ timeout: 1000 })
          .catch(() => '')) ?? '';
      if (isLabel(text.trim(), label)) return row;
    }
    throw new Error(`The row ${label} of ${this.#title} went away`);
  }

  async #visible(label: string | RegExp): Promise<boolean> {
    return (await this.rows()).some((row) => isLabel(row.label, label));
  }
}
