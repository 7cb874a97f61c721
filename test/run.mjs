/**
 * `npm test`: the suites of the editor in one mocha and all others in another, beside each other. The others give way to
 * the editor: a window that waits for compilers loses its pickers, while a compiler that waits for a window only takes
 * longer. With arguments it is one mocha with these alone.
 */
import { Buffer } from 'node:buffer';
import { spawn } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';

const MOCHA = fileURLToPath(import.meta.resolve('mocha/bin/mocha.js'));
const COMPILED = fileURLToPath(new URL('../.cache/node', import.meta.url));
const COMMON = ['--fail-zero', '--forbid-only', '--reporter', 'test/reporter.mjs'];
const EDITOR = 'test/vscode/**/*.test.ts';
const ALL = 'test/**/*.test.ts';
/** Who gives way may be kept waiting past a time limit once; the reporter says so. */
const AGAIN = ['--retries', '1'];
/** What the reporter writes last. */
const SUMMARY = /^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/gm;

const asked = process.argv.slice(2);
const lanes =
  asked.length > 0
    ? [start(asked)]
    : [start([EDITOR]), start([ALL, '--ignore', EDITOR, ...AGAIN], { givesWay: true })];
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => lanes.forEach(({ child }) => child.kill(signal)));
}

let status = 0;
const sums = [0, 0, 0];
for (const lane of lanes) {
  lane.show();
  status = Math.max(status, await lane.ended);
  const last = [...lane.text().matchAll(SUMMARY)].at(-1);
  // One that ends without its summary did not run to its end, whatever its status says.
  if (!last) status ||= 1;
  sums.forEach((_, index) => (sums[index] += Number(last?.[index + 1] ?? 0)));
}
const [passed, failed, skipped] = sums;
if (lanes.length > 1) {
  console.log(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
}
process.exitCode = status;

/** Its output is kept for its summary, and shown once it is its turn: two reports line by line would be none. */
function start(args, { givesWay = false } = {}) {
  const child = spawn(process.execPath, [MOCHA, ...COMMON, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    // Tests start `auton` hundreds of times; what Node made of its sources is made once.
    env: { NODE_COMPILE_CACHE: COMPILED, ...process.env },
  });
  if (givesWay && child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_BELOW_NORMAL);
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
    show: () => {
      shown = true;
      process.stdout.write(Buffer.concat(kept));
    },
    ended: new Promise((resolve) => child.on('close', (code) => resolve(code ?? 1))),
  };
}
