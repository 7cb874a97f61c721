import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { newUser } from './harness/browser.ts';
import './harness/mocha.ts';
import { sharedBrowser } from './harness/shared.ts';

/** Runs in a page: leaves something wherever a page of its origin finds it again. */
const FILL = `(async () => {
  localStorage.setItem('left', 'yes');
  document.cookie = 'left=yes';
  await (await caches.open('left')).put('/left', new Response('yes'));
  await new Promise((opened) => (indexedDB.open('left').onsuccess = opened));
})()`;
/** And this tells what is there. */
const LOOK = `(async () => ({
  local: localStorage.length,
  cookies: document.cookie,
  caches: (await caches.keys()).length,
  databases: (await indexedDB.databases()).length,
}))()`;

describe('The browser of these tests', () => {
  let server: Server;
  before(async () => {
    server = createServer((_, response) => response.setHeader('content-type', 'text/html').end('<p>'));
    await once(server.listen(0, '127.0.0.1'), 'listening');
  });
  after(() => server.close());

  it('shows nothing to a user that another one left there', async () => {
    const browser = await sharedBrowser();
    const open = async () => {
      const page = await browser.newPage();
      await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
      return page;
    };
    const page = await open();
    await page.evaluate(FILL);
    assert.deepEqual(await page.evaluate(LOOK), { local: 1, cookies: 'left=yes', caches: 1, databases: 1 });
    await newUser(browser);
    assert.ok(page.isClosed());
    assert.deepEqual(await (await open()).evaluate(LOOK), { local: 0, cookies: '', caches: 0, databases: 0 });
    await newUser(browser);
  });
});
