import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { useDesk } from '../harness/mocha.ts';

const root = resolve(import.meta.dirname, '../../..');
const GOAL = 'Build a mini kernel whose gamma and delta subsystems clash';

/** A run of the past, made by the command line. */
function pastRun(folder: string): void {
  const auton = join(root, 'bin', 'auton.mjs');
  execFileSync('node', [auton, 'run', GOAL, '--playbook', 'clash'], {
    cwd: folder,
    stdio: 'ignore',
    timeout: 240_000,
  });
}

describe('A folder that is not trusted', function () {
  this.timeout(400_000);
  const desk = useDesk({ trust: 'asked' });

  it('shows runs of the past and their diffs, and executes nothing', async () => {
    const folder = desk.workspace();
    pastRun(folder);
    const window = await desk.open({ folder });
    await window.container('AUTON');
    const runs = window.tree('Runs');
    await runs.row(GOAL);
    const changes = window.tree('Changes');
    await changes.maximise();
    await changes.row(/./);
    await window.screenshot('untrusted-history');

    await window.command('AUTON: Run Goal');
    assert.match(await window.dialog(), /not trusted/);
    await window.answerDialog('Cancel');
    assert.ok(!existsSync(join(folder, '.auton', 'engine.json')), 'an engine was started');
  });

  it('says in an empty view why nothing can be run', async () => {
    const window = await desk.open({ folder: desk.workspace() });
    await window.container('AUTON');
    const { buttons } = await window.tree('Runs').welcomeSays(/not trusted/);
    assert.deepEqual(buttons, ['Manage Workspace Trust']);
    await window.screenshot('untrusted-empty');
  });
});

describe('A model without its key', function () {
  this.timeout(200_000);
  const desk = useDesk();

  it('asks for the key before a run is begun', async () => {
    const folder = desk.workspace({
      files: { 'auton.toml': '[llm]\nmodel = "anthropic/claude-opus-5-5"\n' },
    });
    const window = await desk.open({ folder });
    await window.container('AUTON');
    const { buttons } = await window.tree('Runs').welcomeSays(/key is missing/);
    assert.ok(buttons.includes('Set API Key'), buttons.join());
    await window.screenshot('no-model');
    await window.command('AUTON: Run Goal');
    await window.quickInput.asks(/What shall the agents build/);
    await window.quickInput.type('Say hello');
    await window.quickInput.pick('Say hello');
    await window.quickInput.asks(/Who works on it/);
    await window.quickInput.pick('anthropic/claude-opus-5-5');
    await window.quickInput.asks(/key/i);
    await window.quickInput.close();
    assert.ok(!existsSync(join(folder, '.auton', 'runs')), 'a run was begun');
  });
});
