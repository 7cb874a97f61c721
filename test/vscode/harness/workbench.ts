/**
 * One window of VS Code, as a user sees and uses it. Everything waits until what it needs is there; what does not come
 * is an error that tells what was on the screen, with a screenshot of it.
 */
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { FrameLocator, Locator, Page } from 'playwright-core';
import { QuickInput } from './quick-input.ts';
import type { CodeServer } from './server.ts';
import { exactly, matches, readAll, textOf, textsOf } from './text.ts';
import { Tree } from './tree.ts';
import { PATIENCE_MS, until } from './wait.ts';

/** CI keeps it. */
export const SCREENSHOTS = resolve(import.meta.dirname, '../../../.vscode-test/screenshots');

/** What the editor calls them in its picker, and the class that its window then has. */
export const THEMES = {
  dark: { name: 'Dark Modern', mark: 'vs-dark' },
  light: { name: 'Light Modern', mark: 'vs' },
  'high-contrast': { name: 'Dark High Contrast', mark: 'hc-black' },
} as const;
export type Theme = keyof typeof THEMES;

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

export class Workbench {
  readonly page: Page;
  readonly server: CodeServer;
  readonly quickInput: QuickInput;

  constructor(page: Page, server: CodeServer) {
    this.page = page;
    this.server = server;
    this.quickInput = new QuickInput(this);
  }

  /** Until the window can be worked with and knows the extension's contributions. */
  async ready(): Promise<void> {
    await this.until(
      'the window',
      async () =>
        (await this.page.locator('.statusbar-item').count()) > 0 &&
        (await this.page.locator('.activitybar [aria-label^="AUTON"]').count()) > 0,
      90_000,
    );
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

  /** Runs a command by its full title in the palette, such as "AUTON: Run Goal". */
  async command(title: string): Promise<void> {
    await this.quickInput.openPalette(title);
    await this.quickInput.pick(title);
  }

  /** The titles that the palette offers for what is typed into it. */
  async palette(typed: string): Promise<string[]> {
    await this.quickInput.openPalette(typed);
    const titles = await this.quickInput.items();
    await this.quickInput.close();
    return titles.map(({ label }) => label);
  }

  /** Opens a container of the activity bar, such as "AUTON" or "Explorer". */
  async container(name: string): Promise<void> {
    const title = this.page.locator('.sidebar .composite.title h2');
    const button = this.page.locator(`.activitybar .action-item > [aria-label^="${name}"]`).first();
    await this.until(`the side bar to show ${name}`, async () => {
      if (
        (await title.count()) > 0 &&
        (await textOf(title.first())).toLowerCase().startsWith(name.toLowerCase())
      ) {
        return true;
      }
      await button.click({ timeout: 2000 });
      return false;
    });
  }

  /** The badge of a container of the activity bar; "" without one. */
  async badge(name: string): Promise<string> {
    const badge = this.page.locator(
      `.activitybar .action-item:has(> [aria-label^="${name}"]) .badge-content`,
    );
    return (await badge.count()) === 0 ? '' : textOf(badge.first());
  }

  /** A view by its title, such as "Runs"; its container must be open. */
  tree(title: string): Tree {
    return new Tree(this, title);
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

  async closeTabs(): Promise<void> {
    await this.command('View: Close All Editors');
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

  /** Clicks a button of a notification. */
  async answer(text: string | RegExp, button: string): Promise<void> {
    await this.notification(text);
    const item = this.page
      .locator('.notification-list-item')
      .filter({ visible: true, hasText: text })
      .first();
    await item.hover();
    await item.locator('.monaco-button', { hasText: button }).first().click();
  }

  async clearNotifications(): Promise<void> {
    await this.command('Notifications: Clear All Notifications');
  }

  /** The text of the modal dialog, such as the one that asks whether a folder is trusted. */
  async dialog(): Promise<string> {
    const box = this.page.locator('.monaco-dialog-box').filter({ visible: true });
    await this.until('a dialog', async () => (await box.count()) > 0);
    return textOf(box.first());
  }

  async answerDialog(button: string): Promise<void> {
    const box = this.page.locator('.monaco-dialog-box').filter({ visible: true });
    await box.locator('.monaco-button', { hasText: button }).first().click();
    await this.until('the dialog to close', async () => (await box.count()) === 0);
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

  /** The rows of the Problems view, each as a screen reader says it. */
  async problems(): Promise<string[]> {
    await this.command('Problems: Focus on Problems View');
    const rows = this.page.locator('.markers-panel .monaco-list-row');
    return readAll(rows, (all) => all.map((row) => row.getAttribute('aria-label') ?? ''));
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

  /** Types into the terminal in front. `\n` is the Enter key. */
  async typeInTerminal(text: string): Promise<void> {
    await this.page.locator('.terminal-wrapper.active .xterm-helper-textarea').focus();
    for (const [index, line] of text.split('\n').entries()) {
      if (index > 0) await this.page.keyboard.press('Enter');
      await this.page.keyboard.type(line, { delay: 5 });
    }
  }

  /** The page inside the webview in front. */
  webview(): FrameLocator {
    return this.page.frameLocator('iframe.webview.ready').last().frameLocator('#active-frame');
  }

  /** The entries of the menu that is open. */
  async menu(): Promise<string[]> {
    const items = this.menuItems();
    await this.until('a menu', async () => (await items.count()) > 0);
    return textsOf(items);
  }

  async pickFromMenu(label: string): Promise<void> {
    const item = this.menuItems()
      .filter({ hasText: exactly(label) })
      .first();
    await this.until(`the menu entry ${label}`, async () => (await item.count()) > 0);
    await item.click();
  }

  private menuItems(): Locator {
    return this.page.locator(
      '.context-view .monaco-menu .action-menu-item .action-label, .monaco-menu-container .action-menu-item .action-label',
    );
  }

  async theme(theme: Theme): Promise<void> {
    const { name, mark } = THEMES[theme];
    await this.command('Preferences: Color Theme');
    await this.quickInput.asks(/color theme/i);
    await this.quickInput.type(name);
    await this.quickInput.pick(name);
    await this.until(
      `the ${theme} theme`,
      async () => (await this.page.locator(`.monaco-workbench.${mark}`).count()) > 0,
    );
  }

  /** As the user does it: the extension host ends, the page is loaded anew. */
  async reload(): Promise<void> {
    const loaded = this.page.waitForEvent('domcontentloaded', { timeout: 60_000 });
    await this.command('Developer: Reload Window');
    await loaded;
    await this.ready();
  }

  async press(keys: string): Promise<void> {
    await this.page.keyboard.press(keys);
  }
}
