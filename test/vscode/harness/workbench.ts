/**
 * One window of VS Code, as a user uses it. Everything waits until what it needs is there; what does not come is an
 * error that tells what was on the screen, with a screenshot of it.
 */
import type { FrameLocator, Page } from 'playwright-core';
import { QuickInput } from './quick-input.ts';
import { Screen } from './screen.ts';
import type { CodeServer } from './server.ts';
import { exactly, readAll, textOf } from './text.ts';
import { Tree } from './tree.ts';

/** What the editor calls them in its picker, and the class that its window then has. */
export const THEMES = {
  dark: { name: 'Dark Modern', mark: 'vs-dark' },
  light: { name: 'Light Modern', mark: 'vs' },
  'high-contrast': { name: 'Dark High Contrast', mark: 'hc-black' },
} as const;
export type Theme = keyof typeof THEMES;

export class Workbench extends Screen {
  readonly server: CodeServer;
  readonly quickInput: QuickInput;

  constructor(page: Page, server: CodeServer) {
    super(page);
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

  /**
   * Until a window of a .code-workspace has its folders. A VS Code in a browser can lose them at its start: it drops
   * what it read from the file when that comes in the moment between making the workspace and keeping it. Loaded
   * anew it has them, since what it read is also in its cache.
   */
  async findFolders(): Promise<void> {
    const header = this.page.locator('.sidebar .pane-header').first();
    await this.until(
      'the folders of the workspace',
      async () => {
        const title = await header.getAttribute('aria-label', { timeout: 2000 });
        if (title !== null && !/No Folder Opened/.test(title)) return true;
        await this.page.waitForTimeout(1000);
        if (!/No Folder Opened/.test((await header.getAttribute('aria-label', { timeout: 2000 })) ?? ''))
          return false;
        await this.page.reload({ waitUntil: 'domcontentloaded' });
        await this.ready();
        return false;
      },
      120_000,
    );
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

  /** A view by its title, such as "Runs"; its container must be open. */
  tree(title: string): Tree {
    return new Tree(this, title);
  }

  async closeTabs(): Promise<void> {
    await this.command('View: Close All Editors');
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

  async answerDialog(button: string): Promise<void> {
    const box = this.page.locator('.monaco-dialog-box').filter({ visible: true });
    await box.locator('.monaco-button', { hasText: button }).first().click();
    await this.until('the dialog to close', async () => (await box.count()) === 0);
  }

  /** The rows of the Problems view, each as a screen reader says it. */
  async problems(): Promise<string[]> {
    await this.command('Problems: Focus on Problems View');
    const rows = this.page.locator('.markers-panel .monaco-list-row');
    return readAll(rows, (all) => all.map((row) => row.getAttribute('aria-label') ?? ''));
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

  async pickFromMenu(label: string): Promise<void> {
    const item = this.menuItems()
      .filter({ hasText: exactly(label) })
      .first();
    let clicked = false;
    // A menu takes no click in the first moment after it opened.
    await this.until(`the menu entry ${label}`, async () => {
      if ((await item.count()) === 0) return clicked;
      await item.click({ timeout: 2000 });
      clicked = true;
      await this.page.waitForTimeout(200);
      return (await item.count()) === 0;
    });
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
