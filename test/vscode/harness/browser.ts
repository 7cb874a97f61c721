/** The windows: pages of one Chromium, whose first page stays blank. */
import { chromium, type BrowserContext, type Page } from 'playwright-core';
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

/**
 * The browser; close it when done. It ends with this process in any case. Its users have one profile, one after another:
 * there it keeps what V8 made of VS Code's scripts, which a context for each of them would have it make anew.
 */
export async function openBrowser(): Promise<BrowserContext> {
  if (tools.browser === undefined) {
    throw new Error('Chromium was not found. Run "node scripts/code-server.mjs", which installs it.');
  }
  const browser = await chromium.launchPersistentContext('', {
    executablePath: tools.browser,
    args: ARGUMENTS,
    viewport: WINDOW_SIZE,
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  browser.setDefaultTimeout(30_000);
  return browser;
}

/** Closes all windows, and takes out what their user left in the browser: who opens the next one is another. */
export async function newUser(browser: BrowserContext): Promise<void> {
  const [blank, ...windows] = browser.pages();
  for (const window of windows) await window.close();
  const session = await browser.newCDPSession(blank!);
  await session.send('Storage.clearDataForOrigin', { origin: '*', storageTypes: 'all' });
  await session.detach();
}

export async function openPage(
  browser: BrowserContext,
  server: CodeServer,
  place: Place,
  payload: readonly (readonly [string, string])[] = [],
): Promise<Page> {
  const page = await browser.newPage();
  if (payload.length > 0) await page.addInitScript(ALLOW_DEVELOPMENT);
  await page.goto(server.url(place, payload), { waitUntil: 'domcontentloaded' });
  return page;
}
