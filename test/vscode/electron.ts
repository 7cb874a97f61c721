/**
 * `npm run test:electron [-- scenario...]`: the suites of the extension host in a desktop VS Code, which is downloaded.
 * The same suites run without a download in `npm test`.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { downloadAndUnzipVSCode, runTests } from '@vscode/test-electron';
import { errorMessage } from '../../src/protocol/errors.ts';
import { bundleSuites, bundleTestModels } from './harness/bundle.ts';
import { Desk } from './harness/shared.ts';
import { SCENARIOS } from './scenarios.ts';

const root = resolve(import.meta.dirname, '../..');
const asked = process.argv.slice(2);

const vscodeExecutablePath = process.env['VSCODE_PATH'] ?? (await download());

let failed = 0;
for (const [name, { title, start = {}, settings = {}, place }] of Object.entries(SCENARIOS)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  console.log(`\nIn ${title}`);
  const desk = new Desk();
  const { folder, workspace } = place(desk);
  const user = userData({ ...start.settings, ...settings });
  try {
    await runTests({
      vscodeExecutablePath,
      extensionDevelopmentPath: [root, await bundleTestModels()],
      extensionTestsPath: await bundleSuites(name),
      extensionTestsEnv: { ...start.env, AUTON_TEST_REPORTER: 'spec' },
      launchArgs: [
        ...[folder ?? workspace].filter((path) => path !== undefined),
        ...['--user-data-dir', user, '--disable-extensions', '--disable-telemetry', '--disable-updates'],
        ...(start.trust === 'asked' ? [] : ['--disable-workspace-trust']),
      ],
    });
  } catch (error) {
    failed++;
    console.error(`${name}: ${errorMessage(error)}`);
  } finally {
    await desk.end();
    rmSync(user, { recursive: true, force: true });
  }
}
process.exit(failed === 0 ? 0 : 1);

async function download(): Promise<string> {
  try {
    return await downloadAndUnzipVSCode({ version: 'stable' });
  } catch (error) {
    console.error(`VS Code could not be downloaded: ${errorMessage(error)}`);
    console.error(
      'This needs a network that reaches the download site of VS Code, or VSCODE_PATH set to the program of',
    );
    console.error(
      'one that is installed. "npm test" runs the same suites in a VS Code that comes as an npm package.',
    );
    process.exit(1);
  }
}

/** The folder of a user with these settings and nothing else. */
function userData(settings: object): string {
  const folder = mkdtempSync(join(tmpdir(), 'auton-user-'));
  mkdirSync(join(folder, 'User'));
  writeFileSync(join(folder, 'User', 'settings.json'), JSON.stringify(settings));
  return folder;
}
