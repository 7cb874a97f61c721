/**
 * What test files share: the package, a server for each way to start one, one browser. All of it is made when the first
 * test asks for it and ends with the last test.
 */
import { join, resolve } from 'node:path';
import type { BrowserContext } from 'playwright-core';
import { newUser, openBrowser, openPage } from './browser.ts';
import { bundleSuites, bundleTestModels } from './bundle.ts';
import { startHostSession, type HostSession } from './host/session.ts';
import { CodeServer, type Place, type ServerOptions, type Settings } from './server.ts';
import { makeMultiRoot, makeWorkspace, removeWorkspace, type WorkspaceOptions } from './workspace.ts';
import { Workbench } from './workbench.ts';

const root = resolve(import.meta.dirname, '../../..');
const { packageExtension } = (await import(join(root, 'scripts/package.mjs'))) as {
  packageExtension: (folder: string, options?: { quiet?: boolean }) => Promise<string>;
};

/** How a server is started; each test file may want another. */
export type Start = Omit<ServerOptions, 'extensions'>;

let browser: Promise<BrowserContext> | undefined;
let vsix: Promise<string> | undefined;
const servers = new Map<string, Promise<CodeServer>>();

/** The .vsix of this checkout, made once. */
export function packaged(): Promise<string> {
  return (vsix ??= packageExtension(join(root, '.vscode-test/package'), { quiet: true }));
}

/** A server with the packaged extension; those that ask for the same get the same. */
export function sharedServer(start: Start = {}): Promise<CodeServer> {
  const key = JSON.stringify(start);
  const running =
    servers.get(key) ?? packaged().then((file) => CodeServer.start({ ...start, extensions: [file] }));
  servers.set(key, running);
  return running;
}

export function sharedBrowser(): Promise<BrowserContext> {
  return (browser ??= openBrowser());
}

/** Ends everything. */
export async function endShared(): Promise<void> {
  await (await browser)?.close();
  for (const server of servers.values()) await (await server).stop();
  servers.clear();
  browser = undefined;
}

/** The user, the windows and the folders of one test; `end` closes and deletes them. */
export class Desk {
  readonly #start: Start;
  readonly #folders: string[] = [];
  readonly windows: Workbench[] = [];

  constructor(start: Start = {}) {
    this.#start = start;
  }

  workspace(options?: WorkspaceOptions): string {
    const folder = makeWorkspace(options);
    this.#folders.push(folder);
    return folder;
  }

  multiRoot(folders: readonly string[]): string {
    const file = makeMultiRoot(folders);
    this.#folders.push(resolve(file, '..'));
    return file;
  }

  /** Opens a window and waits until it can be used. */
  async open(place: Place, options: { settings?: Settings; testModels?: boolean } = {}): Promise<Workbench> {
    const server = await sharedServer(this.#start);
    server.settings(options.settings);
    // The chat answers nobody before there is a language model.
    const payload = options.testModels
      ? [['extensionDevelopmentPath', server.remoteUri(await bundleTestModels())] as const]
      : [];
    const page = await openPage(await sharedBrowser(), server, place, payload);
    const window = new Workbench(page, server);
    this.windows.push(window);
    await window.ready();
    if (place.workspace !== undefined) await window.findFolders();
    return window;
  }

  /** Starts the suites of test/vscode/host/<suites> in the extension host of a window. */
  async runInHost(suites: string, place: Place, settings: Settings = {}): Promise<HostSession> {
    const server = await sharedServer(this.#start);
    server.settings(settings);
    const [script, models] = await Promise.all([bundleSuites(suites), bundleTestModels()]);
    return startHostSession(await sharedBrowser(), server, place, script, models);
  }

  async end(): Promise<void> {
    if (browser) await newUser(await browser);
    this.windows.length = 0;
    for (const folder of this.#folders.splice(0)) removeWorkspace(folder);
  }
}
