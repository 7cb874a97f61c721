/**
 * `npm run vscode`: VS Code with AUTON in a browser, on a demo folder or the one that is named. For machines without a
 * desktop VS Code. `-- --help` tells the options. Ctrl-C ends everything.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { CodeServer } from '../test/vscode/harness/server.ts';
import { demoFolder } from './demo-folder.mjs';
import { packageExtension } from './package.mjs';

const USAGE = `npm run vscode -- [options]
  --folder <path>   the folder to open (default: ~/auton-demo, which is made)
  --port <number>   the port on this machine (default: a free one)
  --no-open         do not open a browser, only print the address`;

const root = resolve(import.meta.dirname, '..');
const { values } = parseArgs({
  options: {
    folder: { type: 'string' },
    port: { type: 'string', default: '0' },
    open: { type: 'boolean', default: true },
    help: { type: 'boolean', default: false },
  },
  allowNegative: true,
});
if (values.help) {
  console.log(USAGE);
  process.exit();
}

const folder = resolve(values.folder ?? demoFolder());
if (!existsSync(folder)) {
  console.error(`${folder} does not exist. Make it, or leave --folder out for a demo folder.`);
  process.exit(2);
}
const vsix = await packageExtension(join(root, '.vscode-test', 'package'), { quiet: true });
const server = await CodeServer.start({
  extensions: [vsix],
  port: Number(values.port),
  settings: { 'workbench.welcomePage.walkthroughs.openOnInstall': true },
  env: usersOwn(process.env),
});
const url = server.url({ folder });
console.log(`VS Code with AUTON, on ${folder}:\n\n  ${url}\n\nCtrl-C ends it.`);
if (values.open) openInBrowser(url);

let ending = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    if (ending) process.exit(130); // whoever asks twice does not want to wait
    ending = true;
    void end();
  });
}

/** Engines outlive their windows on purpose, so they are told too; a run that is active is paused and can be resumed. */
async function end() {
  console.log('\nEnding VS Code ...');
  const pause = spawn(process.execPath, [join(root, 'dist/auton.mjs'), 'pause'], {
    cwd: folder,
    stdio: 'ignore',
  });
  await new Promise((resolve) => pause.once('close', resolve));
  await server.stop();
  process.exit(0);
}

/** Keys and configuration count here; tests do without them. */
function usersOwn(env) {
  const keys = Object.entries(env).filter(([name]) => name.endsWith('_API_KEY'));
  return { XDG_CONFIG_HOME: env['XDG_CONFIG_HOME'], ...Object.fromEntries(keys) };
}

function openInBrowser(url) {
  const opener = process.platform === 'darwin' ? 'open' : 'xdg-open';
  // Where there is no screen or no such program the address is on the terminal all the same.
  if (process.platform === 'linux' && !process.env['DISPLAY'] && !process.env['WAYLAND_DISPLAY']) return;
  spawn(opener, [url], { stdio: 'ignore', detached: true })
    .on('error', () => undefined)
    .unref();
}
