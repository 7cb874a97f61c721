/** What a window shows: everything here only looks. */
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { matches, readAll, textOf, textsOf } from './text.ts';
import { PATIENCE_MS, until } from './wait.ts';

/** CI keeps it. */
export const SCREENSHOTS = resolve(import.meta.dirname, '../../../.vscode-test/screenshots');

export interface Notification {
  text: string;
  buttons: string[];
}
export interface StatusItem {
  id: string;
  text: string;
  /** What a screen reader says of it. */
  label: string;
  colour: 'standard' | 'warning' | 'error';
}
export interface Tab {
  name: string;
  active: boolean;
  unsaved: boolean;
}

export class Screen {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  /** `until` that tells what is on the screen when it fails. */
  async until<T>(what: string, ask: () => T | Promise<T>, timeoutMs = PATIENCE_MS) {
    return until(what, ask, { timeoutMs, saw: () => this.describe() });
  }

  /** What a test that failed says: the texts of the window, and where its picture is. */
  async describe(): Promise<Record<string, unknown>> {
    const name = `failed-${new Date().toISOString().replace(/[:.]/g, '-')}`;
    const visible = async (selector: string) =>
      textsOf(this.page.locator(selector).filter({ visible: true })).catch(() => []);
    return {
      screenshot: await this.screenshot(name).catch(String),
      dialog: await visible('.monaco-dialog-box'),
      quickInput: await visible('.quick-input-widget'),
      notifications: await visible('.notification-list-item'),
      tabs: await visible('.tab'),
      sideBar: await visible('.sidebar .monaco-list-row, .sidebar .welcome-view-content'),
      statusBar: await visible('.statusbar-item'),
    };
  }

  /** Into the folder that CI keeps; its path. */
  async screenshot(name: string): Promise<string> {
    mkdirSync(SCREENSHOTS, { recursive: true });
    const path = join(SCREENSHOTS, `${name}.png`);
    await this.page.screenshot({ path, animations: 'disabled', caret: 'hide' });
    return path;
  }

  /** The badge of a container of the activity bar; "" without one. */
  async badge(name: string): Promise<string> {
    const badge = this.page.locator(
      `.activitybar .action-item:has(> [aria-label^="${name}"]) .badge-content`,
    );
    return (await badge.count()) === 0 ? '' : textOf(badge.first());
  }

  async tabs(): Promise<Tab[]> {
    const tabs = this.page.locator('.editor-group-container .tabs-container .tab');
    return readAll(tabs, (tabs) =>
      tabs.map((tab) => ({
        name: tab.querySelector('.label-name')?.textContent ?? '',
        active: tab.classList.contains('active'),
        unsaved: tab.classList.contains('dirty'),
      })),
    );
  }

  async tab(name: string | RegExp): Promise<Tab> {
    return this.until(`the tab ${name}`, async () =>
      (await this.tabs()).find((tab) => matches(tab.name, name)),
    );
  }

  /** The buttons at the right of the tabs, as a screen reader says them. */
  async titleButtons(): Promise<string[]> {
    const buttons = this.page.locator('.editor-group-container.active .editor-actions .action-label');
    return readAll(buttons, (all) => all.map((button) => button.getAttribute('aria-label') ?? ''));
  }

  /** The lines on the screen of the editor that has the focus or is the only one; of a diff, its right side. */
  async editorText(): Promise<string> {
    const editors = this.page.locator(
      '.editor-group-container.active .monaco-editor:not(.original-in-monaco-diff-editor)',
    );
    const lines = editors.locator('.view-lines').filter({ visible: true }).last();
    const rows = await readAll(lines.locator('.view-line'), (all) =>
      all
        .map((line) => ({
          top: Number(/top: *([\d.]+)/.exec(line.getAttribute('style') ?? '')?.[1] ?? 0),
          text: line.textContent ?? '',
        }))
        .sort((a, b) => a.top - b.top)
        .map(({ text }) => text.replaceAll('\u00a0', ' ')),
    );
    return rows.join('\n');
  }

  async notifications(): Promise<Notification[]> {
    const shown = this.page.locator('.notification-list-item').filter({ visible: true });
    return readAll(shown, (items) =>
      items.map((item) => ({
        text: item.querySelector('.notification-list-item-message')?.textContent ?? '',
        buttons: [...item.querySelectorAll('.notification-list-item-buttons-container .monaco-button')].map(
          (button) => button.textContent ?? '',
        ),
      })),
    );
  }

  async notification(text: string | RegExp, timeoutMs = PATIENCE_MS): Promise<Notification> {
    return this.until(
      `the notification ${text}`,
      async () => (await this.notifications()).find((one) => matches(one.text, text)),
      timeoutMs,
    );
  }

  /** The text of the modal dialog, such as the one that asks whether a folder is trusted. */
  async dialog(): Promise<string> {
    const box = this.page.locator('.monaco-dialog-box').filter({ visible: true });
    await this.until('a dialog', async () => (await box.count()) > 0);
    return textOf(box.first());
  }

  async statusBar(): Promise<StatusItem[]> {
    const shown = this.page.locator('.statusbar-item').filter({ visible: true });
    return readAll(shown, (items) =>
      items.map((item) => ({
        id: item.id,
        text: (item.textContent ?? '').replaceAll('\u00a0', ' ').trim(),
        label: item.getAttribute('aria-label') ?? '',
        colour: item.classList.contains('warning-kind')
          ? ('warning' as const)
          : item.classList.contains('error-kind')
            ? ('error' as const)
            : ('standard' as const),
      })),
    );
  }

  async statusItem(text: string | RegExp, timeoutMs = PATIENCE_MS): Promise<StatusItem> {
    return this.until(
      `the status bar to show ${text}`,
      async () =>
        (await this.statusBar()).find((item) => matches(item.text, text) || matches(item.label, text)),
      timeoutMs,
    );
  }

  /** What the terminal in front shows, without the blanks at the ends of lines. */
  async terminalText(): Promise<string> {
    const rows = this.page.locator('.terminal-wrapper.active .xterm-rows > div');
    const lines = await readAll(rows, (all) => all.map((row) => row.textContent ?? ''));
    return lines
      .map((line) => line.replaceAll('\u00a0', ' ').trimEnd())
      .join('\n')
      .trimEnd();
  }

  async terminalShows(text: string | RegExp, timeoutMs = PATIENCE_MS): Promise<string> {
    return until(
      `the terminal to show ${text}`,
      async () => {
        const shown = await this.terminalText();
        return matches(shown, text) && shown;
      },
      { timeoutMs, saw: async () => ({ terminal: await this.terminalText(), ...(await this.describe()) }) },
    );
  }

  /** The entries of the menu that is open. */
  async menu(): Promise<string[]> {
    const items = this.menuItems();
    await this.until('a menu', async () => (await items.count()) > 0);
    return textsOf(items);
  }

  protected menuItems(): Locator {
    return this.page.locator(
      '.context-view .monaco-menu .action-menu-item .action-label, .monaco-menu-container .action-menu-item .action-label',
    );
  }
}
