/**
 * `npm test`: the suites of the editor in one mocha, then all others in another. Beside each other they would take half
 * as long on a machine with more processors; on two, windows wait so long for compilers that pickers lose their focus.
 * With arguments it is mocha with these alone.
 */
import { Buffer } from 'node:buffer';
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const MOCHA = fileURLToPath(import.meta.resolve('mocha/bin/mocha.js'));
const COMMON = ['--fail-zero', '--forbid-only', '--reporter', 'test/reporter.mjs'];
const EDITOR = 'test/vscode/**/*.test.ts';
const ALL = 'test/**/*.test.ts';
/** What the reporter writes last. */
const SUMMARY = /^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/gm;

const asked = process.argv.slice(2);
const suites = asked.length > 0 ? [asked] : [[EDITOR], [ALL, '--ignore', EDITOR]];
let running;
let stopped;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    stopped = signal;
    running?.child.kill(signal);
  });
}

let status = 0;
const sums = [0, 0, 0];
for (const args of suites) {
  if (stopped) break;
  running = start(args);
  status = Math.max(status, await running.ended);
  const last = [...running.text().matchAll(SUMMARY)].at(-1);
  // One that ends without its summary did not run to its end, whatever its status says.
  if (!last) status ||= 1;
  sums.forEach((_, index) => (sums[index] += Number(last?.[index + 1] ?? 0)));
}
const [passed, failed, skipped] = sums;
if (suites.length > 1) {
  console.log(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
}
process.exitCode = status;

/** Its output is shown as it comes, and kept for its summary. */
function start(args) {
  const child = spawn(process.execPath, [MOCHA, ...COMMON, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const kept = [];
  const take = (bytes) => {
    kept.push(bytes);
    process.stdout.write(bytes);
  };
  child.stdout.on('data', take);
  child.stderr.on('data', take);
  return {
    child,
    text: () => Buffer.concat(kept).toString('utf8'),
    ended: new Promise((resolve) => child.on('close', (code) => resolve(code ?? 1))),
  };
}
