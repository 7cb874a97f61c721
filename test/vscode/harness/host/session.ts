/** One run of suites inside an extension host, seen from outside. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { EventEmitter, once } from 'node:events';
import type { BrowserContext, Page } from 'playwright-core';
import { ALLOW_DEVELOPMENT } from '../browser.ts';
import { SCREENSHOTS } from '../screen.ts';
import type { CodeServer, Place } from '../server.ts';
import { MARK, type HostEvent } from './events.ts';

export interface HostSession<E = HostEvent> {
  readonly page: Page;
  /** Waits for the next event, or throws when the host ended or kept silent for too long. */
  next(timeoutMs: number): Promise<E>;
  /** What else was printed. */
  readonly output: readonly string[];
}

export async function startHostSession<E = HostEvent>(
  browser: BrowserContext,
  server: CodeServer,
  place: Place,
  suites: string,
  developed: string,
): Promise<HostSession<E>> {
  const page = await browser.newPage();
  const changed = new EventEmitter();
  const events: E[] = [];
  const output: string[] = [];
  let exitCode: number | null = null;
  await page.exposeFunction('codeAutomationLog', (_type: string, args: unknown[]) => {
    const line = args.map(String).join(' ');
    const at = line.indexOf(MARK);
    if (at >= 0) events.push(JSON.parse(line.slice(at + MARK.length)) as E);
    else output.push(line);
    changed.emit('change');
  });
  await page.exposeFunction('codeAutomationExit', (code: number) => {
    exitCode = code;
    changed.emit('change');
  });
  await page.addInitScript(ALLOW_DEVELOPMENT);
  await page.goto(
    server.url(place, [
      ['extensionDevelopmentPath', server.remoteUri(developed)],
      ['extensionTestsPath', server.remoteUri(suites)],
    ]),
    { waitUntil: 'domcontentloaded' },
  );
  const problem = async (text: string) => {
    mkdirSync(SCREENSHOTS, { recursive: true });
    const picture = join(SCREENSHOTS, `failed-host-${Date.now()}.png`);
    await page.screenshot({ path: picture }).catch(() => undefined);
    return new Error(`${text}\nscreenshot: ${picture}\nprinted:\n${output.slice(-40).join('\n')}`);
  };
  return {
    page,
    output,
    async next(timeoutMs) {
      const signal = AbortSignal.timeout(timeoutMs);
      for (;;) {
        const event = events.shift();
        if (event) return event;
        if (exitCode !== null) throw await problem(`The extension host ended with ${exitCode}`);
        try {
          await once(changed, 'change', { signal });
        } catch {
          throw await problem(`The extension host said nothing for ${timeoutMs / 1000} s`);
        }
      }
    },
  };
}
