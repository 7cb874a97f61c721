/**
 * `npm test`: the suites of the editor in one mocha, all others in another beside it, since both wait a lot: for a
 * window the one, for compilers and QEMU the other. With arguments it is mocha with these alone.
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
const suites = asked.length > 0 ? [start(asked)] : [start([ALL, '--ignore', EDITOR]), start([EDITOR])];
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => suites.forEach(({ child }) => child.kill(signal)));
}

let status = 0;
const sums = [0, 0, 0];
for (const suite of suites) {
  suite.show();
  status = Math.max(status, await suite.ended);
  const last = [...suite.text().matchAll(SUMMARY)].at(-1);
  // One that ends without its summary did not run to its end, whatever its status says.
  if (!last) status ||= 1;
  sums.forEach((_, index) => (sums[index] += Number(last?.[index + 1] ?? 0)));
}
const [passed, failed, skipped] = sums;
if (suites.length > 1) {
  console.log(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
}
process.exitCode = status;

/** Its output is kept until it is its turn to be shown, and shown as it comes from then on. */
function start(args) {
  const child = spawn(process.execPath, [MOCHA, ...COMMON, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const kept = [];
  let shown = false;
  const take = (bytes) => {
    kept.push(bytes);
    if (shown) process.stdout.write(bytes);
  };
  child.stdout.on('data', take);
  child.stderr.on('data', take);
  return {
    child,
    text: () => Buffer.concat(kept).toString('utf8'),
    show() {
      shown = true;
      for (const bytes of kept) process.stdout.write(bytes);
    },
    ended: new Promise((resolve) => child.on('close', (code) => resolve(code ?? 1))),
  };
}
