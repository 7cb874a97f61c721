/**
 * `npm test`: every test file, in as many mochas beside each other as keep this machine busy. With arguments it is one
 * mocha with these alone.
 */
import { Buffer } from 'node:buffer';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, constants, setPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { clearTimeout, setTimeout } from 'node:timers';
import { fileURLToPath } from 'node:url';
import { portions } from './portions.mjs';
import { readSummary, showSummary, sumOf } from './summary.mjs';

const MOCHA = fileURLToPath(import.meta.resolve('mocha/bin/mocha.js'));
/** Tests start `auton` hundreds of times: that which was built starts soonest, and what Node makes of it is made once. */
const ENV = {
  AUTON_PROGRAM: fileURLToPath(new URL('../dist/auton.mjs', import.meta.url)),
  NODE_COMPILE_CACHE: fileURLToPath(new URL('../.cache/node', import.meta.url)),
};
const COMMON = ['--fail-zero', '--forbid-only', '--reporter', 'test/reporter.mjs'];
/** One more than processors, for suites wait for boots, windows and timers. More than four need much memory. */
const LANES = Math.min(4, availableParallelism() + 1);

/** So long the rest of an output may take once its writer has ended. */
const REST_MS = 10_000;

const running = new Set();
let interrupted = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    interrupted = true;
    running.forEach((child) => child.kill(signal));
  });
}
const asked = process.argv.slice(2);
process.exitCode = asked.length > 0 ? await ended(mocha(asked, 'inherit')) : await runAll(portions());

/** Each lane takes the next portion when it is free. */
async function runAll(queue) {
  const scratch = mkdtempSync(join(tmpdir(), 'auton-test-'));
  const results = [];
  const lane = async () => {
    for (let next; !interrupted && (next = queue.shift());) results.push(await run(next, scratch));
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  rmSync(scratch, { recursive: true });
  // One without a summary did not run to its end, whatever its status says.
  const cut = results.filter(({ summary }) => summary === null);
  for (const { name, status } of cut) console.log(`${name} ended with ${status}, before its last test`);
  showSummary(sumOf(results.flatMap(({ summary }) => summary ?? [])));
  return interrupted || cut.length > 0 || results.some(({ status }) => status !== 0) ? 1 : 0;
}

/** What it prints is shown when it has ended: several reports line by line would be none. */
async function run({ name, files, options, givesWay }, scratch) {
  const file = join(scratch, `${name.replaceAll('/', '-')}.json`);
  const child = mocha([...files, ...options, '--reporter-option', `summary=${file}`], 'pipe');
  if (givesWay && child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_BELOW_NORMAL);
  const printed = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => printed.push(bytes));
  const begun = performance.now();
  const status = await ended(child);
  process.stdout.write(`\n${name}, ${Math.round((performance.now() - begun) / 1000)} s\n`);
  process.stdout.write(Buffer.concat(printed));
  return { name, status, summary: readSummary(file) };
}

function mocha(args, output) {
  const child = spawn(process.execPath, [MOCHA, ...COMMON, ...args], {
    stdio: ['ignore', output, output],
    env: { ...ENV, ...process.env },
  });
  running.add(child);
  return child;
}

/** Its exit status; 1 when a signal ended it. What it left behind may hold its output open: that is not waited for. */
function ended(child) {
  return new Promise((resolve) => {
    const end = (code) => {
      running.delete(child);
      child.stdout?.destroy();
      child.stderr?.destroy();
      resolve(code ?? 1);
    };
    child.on('close', end);
    child.on('exit', (code) => {
      const left = () => (console.log('A process was left behind that holds the output open.'), end(code));
      const waiting = setTimeout(left, REST_MS);
      child.on('close', () => clearTimeout(waiting));
    });
  });
}
