/** For test files: mocha ends what the harness began. */
import { rmSync } from 'node:fs';
import { SCREENSHOTS } from './screen.ts';
import { Desk, endShared, type Start } from './shared.ts';

// Servers and folders are cleared away at the exit of the process, which a signal alone would not bring about.
process.once('SIGTERM', () => process.exit(143));

// Of the root suite, since this module is loaded before any `describe` runs.
before('delete the pictures of earlier runs', () => rmSync(SCREENSHOTS, { recursive: true, force: true }));
after('end VS Code', async function () {
  this.timeout(60_000);
  await endShared();
});

/** `const desk = useDesk()` in a `describe`. A test that failed leaves pictures of its windows. */
export function useDesk(start: Start = {}): Desk {
  const desk = new Desk(start);
  // A browser and a whole editor on a busy machine: what fails once and not again is told, not counted.
  beforeEach('allow another try', function () {
    this.currentTest?.retries(2);
  });
  afterEach('close the windows', async function () {
    this.timeout(60_000);
    if (this.currentTest?.state === 'failed') {
      for (const window of desk.windows) {
        console.log(JSON.stringify(await window.describe().catch(String), null, 2));
      }
    }
    await desk.end();
  });
  return desk;
}
