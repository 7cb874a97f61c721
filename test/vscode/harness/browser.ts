/** The windows: pages of one Chromium. */
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { tools, type CodeServer, type Place } from './server.ts';

const ARGUMENTS = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-dev-shm-usage'],
  // A page that is not in front is shown as it would be if it were.
  ...['--disable-background-timer-throttling', '--disable-renderer-backgrounding'],
  '--disable-backgrounding-occluded-windows',
];
export const WINDOW_SIZE = { width: 1280, height: 800 };

/**
 * Runs in the page before VS Code does: it then obeys a payload that names extensions
 * in development or their tests.
 */
export const ALLOW_DEVELOPMENT = `{
  const original = Element.prototype.getAttribute;
  Element.prototype.getAttribute = function (name) {
    const value = original.call(this, name);
    if (this.id !== 'vscode-workbench-web-configuration' || name !== 'data-settings' || !value) return value;
    const settings = JSON.parse(value);
    settings.developmentOptions = { ...settings.developmentOptions, enableSmokeTestDriver: true };
    return JSON.stringify(settings);
  };
}`;

/** The browser; close it when done. It ends with this process in any case. */
export async function openBrowser(): Promise<Browser> {
  if (tools.browser === undefined) {
    throw new Error('Chromium was not found. Run "node scripts/code-server.mjs", which installs it.');
  }
  return chromium.launch({ executablePath: tools.browser, args: ARGUMENTS });
}

/** A user of their own: nothing that another one left in the browser. Several windows may share one. */
export async function newUser(browser: Browser): Promise<BrowserContext> {
  const context = await browser.newContext({
    viewport: WINDOW_SIZE,
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  context.setDefaultTimeout(30_000);
  return context;
}

export async function openPage(
  context: BrowserContext,
  server: CodeServer,
  place: Place,
  payload: readonly (readonly [string, string])[] = [],
): Promise<Page> {
  const page = await context.newPage();
  if (payload.length > 0) await page.addInitScript(ALLOW_DEVELOPMENT);
  await page.goto(server.url(place, payload), { waitUntil: 'domcontentloaded' });
  return page;
}
