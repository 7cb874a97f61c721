/**
 * The suites of test/vscode/host run inside the extension host of a real VS Code that has the packaged extension; their
 * tests show here. `AUTON_HOST=folder,untrusted` runs those scenarios only.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { hostSuites } from './harness/host/suites.ts';
import './harness/mocha.ts';
import { Desk } from './harness/shared.ts';
import { SCENARIOS } from './scenarios.ts';

const HOST = join(import.meta.dirname, 'host');
const asked = process.env['AUTON_HOST']?.split(',');

describe('Inside VS Code, in', () => {
  it('every folder of suites belongs to a scenario', () => {
    for (const name of readdirSync(HOST)) {
      if (!(name in SCENARIOS))
        throw new Error(`test/vscode/host/${name} has no row in test/vscode/scenarios.ts`);
    }
  });

  for (const [name, { title, start, settings, place }] of Object.entries(SCENARIOS)) {
    if (asked && !asked.includes(name)) continue;
    if (!existsSync(join(HOST, name))) continue;
    describe(title, function () {
      const desk = new Desk(start);
      hostSuites(this, () => desk.runInHost(name, place(desk), settings));
      after(() => desk.end());
    });
  }
});
