#!/usr/bin/env node
/** `auton`, on any Node: the bundle needs version 24, which the npm dependencies bring along. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const NEEDED = 24;
const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const bundle = at('../dist/auton.mjs');
const ownNode = at('../node_modules/node/bin/node');

if (!existsSync(bundle)) {
  fail('AUTON has not been built. Run: npm run setup && npm run build');
} else if (Number(process.versions.node.split('.')[0]) >= NEEDED) {
  process.argv[1] = bundle;
  await import(new URL('../dist/auton.mjs', import.meta.url).href);
} else if (existsSync(ownNode)) {
  const child = spawn(ownNode, [bundle, ...process.argv.slice(2)], { stdio: 'inherit' });
  // The terminal sends Ctrl-C to both, and only the child knows when it has ended.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)));
} else {
  fail(
    `Node ${NEEDED} is needed; this is ${process.version}. Run npm run setup, or install it from nodejs.org.`,
  );
}

function fail(message) {
  console.error(message);
  process.exitCode = 1;
}
