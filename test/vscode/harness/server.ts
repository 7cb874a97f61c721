/** A VS Code server of its own: port, settings, extensions and everything it starts belong to one test run. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { until } from './wait.ts';

const root = resolve(import.meta.dirname, '../../..');
const install = (await import(join(root, 'scripts/code-server.mjs'))) as {
  codeServer: () => { entry: string; node: string; browser?: string };
};
export const tools = install.codeServer();

export interface ServerOptions {
  /** .vsix files to install. */
  extensions: readonly string[];
  /** `asked`: folders are untrusted until the user says otherwise; else every folder is trusted. */
  trust?: 'asked' | 'always';
  /** The user's settings besides those that keep the window quiet. */
  settings?: Settings;
  /** The system chooses one unless it is given. */
  port?: number;
  /** Replaces variables of the environment in which extensions run; undefined removes one. */
  env?: NodeJS.ProcessEnv;
}
export type Settings = Readonly<Record<string, unknown>>;

/** What a window opens: a folder, a .code-workspace file, or nothing. */
export interface Place {
  folder?: string;
  workspace?: string;
}

/** Without these, what a test sees depends on the day and on the network. */
const QUIET: Settings = {
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
  'workbench.enableExperiments': false,
  'workbench.welcomePage.walkthroughs.openOnInstall': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.reduceMotion': 'on',
  'extensions.autoCheckUpdates': false,
  'extensions.autoUpdate': false,
  'extensions.ignoreRecommendations': true,
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'git.openRepositoryInParentFolders': 'never',
  'git.autofetch': false,
  'security.workspace.trust.startupPrompt': 'never',
  'security.workspace.trust.banner': 'always',
  'editor.accessibilitySupport': 'off',
  'window.confirmBeforeClose': 'never',
  // The rows of a terminal are then elements with text.
  'terminal.integrated.gpuAcceleration': 'off',
  'files.autoSave': 'off',
  'chat.commandCenter.enabled': false,
};

/** A model's key on the developer's machine must not change what a test sees. */
const KEYS = /_API_KEY$/;

export class CodeServer {
  readonly port: number;
  readonly #home: string;
  readonly #process: ChildProcess;
  readonly #base: Settings;

  private constructor(port: number, home: string, process: ChildProcess, base: Settings) {
    this.port = port;
    this.#home = home;
    this.#process = process;
    this.#base = base;
  }

  static async start({
    extensions,
    trust = 'always',
    settings = {},
    port = 0,
    env = {},
  }: ServerOptions): Promise<CodeServer> {
    // realpath: on some systems the temporary folder is a link, and the editor compares paths as text.
    const home = mkdtempSync(join(realpathSync(tmpdir()), 'auton-vscode-'));
    const base = { ...QUIET, ...settings };
    mkdirSync(join(home, 'data', 'User'), { recursive: true });
    writeSettings(home, base);
    const serverEnv = environment(home, env);
    for (const vsix of extensions) installExtension(home, vsix, serverEnv);

    const out = join(home, 'server.log');
    const fd = openSync(out, 'a');
    const child = spawn(
      tools.node,
      [
        tools.entry,
        ...[
          '--auth',
          'none',
          '--bind-addr',
          `127.0.0.1:${port}`,
          '--disable-telemetry',
          '--disable-update-check',
        ],
        ...['--disable-getting-started-override', '--disable-proxy', ...folders(home)],
        ...(trust === 'always' ? ['--disable-workspace-trust'] : []),
      ],
      // A group of its own, so that what it starts ends with it; a folder of its own, so that nothing of the
      // repository is found by accident.
      { env: serverEnv, cwd: home, stdio: ['ignore', fd, fd], detached: true },
    );
    const log = () => readFileSync(out, 'utf8');
    try {
      const port = await until(
        'the VS Code server',
        () => {
          if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`);
          return Number(/listening on http:\/\/127\.0\.0\.1:(\d+)/.exec(log())?.[1] ?? 0) || null;
        },
        { timeoutMs: 60_000, saw: log },
      );
      const server = new CodeServer(port, home, child, base);
      process.once('exit', server.#kill);
      return server;
    } catch (error) {
      endGroup(child, 'SIGKILL');
      const said = log();
      rmSync(home, { recursive: true, force: true });
      throw new Error(`The VS Code server did not start:\n${said}`, { cause: error });
    }
  }

  /** Replaces the user's settings. Windows that are opened next have them; those that are open may not notice. */
  settings(values: Settings = {}): void {
    writeSettings(this.#home, { ...this.#base, ...values });
  }

  url({ folder, workspace }: Place, payload: readonly (readonly [string, string])[] = []): string {
    const url = new URL(`http://127.0.0.1:${this.port}/`);
    if (folder !== undefined) url.searchParams.set('folder', folder);
    else if (workspace !== undefined) url.searchParams.set('workspace', workspace);
    // Otherwise it opens what it had open last.
    else url.searchParams.set('ew', 'true');
    if (payload.length > 0) url.searchParams.set('payload', JSON.stringify(payload));
    return url.href;
  }

  /** The path of a file or folder as the editor addresses it. */
  remoteUri(path: string): string {
    return `vscode-remote://127.0.0.1:${this.port}${path}`;
  }

  /** Where installed extensions and logs lie. */
  get home(): string {
    return this.#home;
  }

  async stop(): Promise<void> {
    process.off('exit', this.#kill);
    endGroup(this.#process, 'SIGTERM');
    await until(
      'the VS Code server to end',
      () => this.#process.exitCode !== null || this.#process.signalCode,
      {
        timeoutMs: 5000,
      },
    ).catch(() => undefined);
    // Also what outlived it: extension hosts wait for a window to come back.
    endGroup(this.#process, 'SIGKILL');
    rmSync(this.#home, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }

  readonly #kill = () => {
    endGroup(this.#process, 'SIGKILL');
    rmSync(this.#home, { recursive: true, force: true });
  };
}

function folders(home: string): string[] {
  return [
    ...['--user-data-dir', join(home, 'data'), '--extensions-dir', join(home, 'extensions')],
    ...['--config', join(home, 'config.yaml'), '--session-socket', join(home, 'session.sock')],
  ];
}

function installExtension(home: string, vsix: string, env: NodeJS.ProcessEnv): void {
  const { status, stdout, stderr } = spawnSync(
    tools.node,
    [tools.entry, '--install-extension', resolve(vsix), '--force', ...folders(home)],
    { env, encoding: 'utf8', timeout: 120_000 },
  );
  if (status !== 0) throw new Error(`${vsix} could not be installed:\n${stdout}${stderr}`);
}

function environment(home: string, changes: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const own: NodeJS.ProcessEnv = {
    XDG_CONFIG_HOME: join(home, 'config'),
    // Extensions then run in this environment, and not in that of the user's login shell, which has a PATH of its own.
    VSCODE_CLI: '1',
    AUTON_ENGINE_IDLE_SECONDS: '5',
    ...changes,
  };
  const env: NodeJS.ProcessEnv = {};
  for (const [name, value] of Object.entries({ ...process.env, ...own })) {
    const inherited = !(name in own);
    // A server that is started from the terminal of a VS Code must not take itself for a part of it.
    if (inherited && (KEYS.test(name) || name.startsWith('VSCODE_') || name.startsWith('npm_'))) continue;
    if (value !== undefined) env[name] = value;
  }
  // Nor may an extension find the programs of node_modules, which npm puts on the PATH.
  env['PATH'] = (env['PATH'] ?? '')
    .split(delimiter)
    .filter((entry) => !entry.startsWith(join(root, 'node_modules')))
    .join(delimiter);
  return env;
}

/** In one step: a window that reads it meanwhile gets the old or the new text, not half of one. */
function writeSettings(home: string, settings: Settings): void {
  const file = join(home, 'data', 'User', 'settings.json');
  writeFileSync(`${file}.new`, JSON.stringify(settings, null, 2));
  renameSync(`${file}.new`, file);
}

function endGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal);
  } catch {
    // It is gone.
  }
}
