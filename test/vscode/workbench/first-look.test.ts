import assert from 'node:assert/strict';
import { useDesk } from '../harness/mocha.ts';
import { THEMES, type Theme } from '../harness/workbench.ts';

describe('AUTON in a folder in which nothing ran yet', () => {
  const desk = useDesk();

  it('says in its view how to begin', async () => {
    const window = await desk.open({ folder: desk.workspace() });
    await window.container('AUTON');
    const { buttons } = await window.tree('Runs').welcomeSays(/Agents plan, write, build, boot/);
    assert.ok(buttons.includes('Run Goal'), buttons.join());
  });

  it('lists its commands in the palette, those of items not', async () => {
    const window = await desk.open({ folder: desk.workspace() });
    for (const title of ['AUTON: Run Goal', 'AUTON: Check Environment', 'AUTON: Show Logs']) {
      assert.ok((await window.palette(title)).includes(title), title);
    }
    assert.deepEqual(
      (await window.palette('AUTON: Open')).filter((title) => title === 'AUTON: Open Change'),
      [],
    );
  });

  it('is itself in every colour theme', async () => {
    const window = await desk.open({ folder: desk.workspace() });
    await window.container('AUTON');
    for (const theme of Object.keys(THEMES) as Theme[]) {
      await window.theme(theme);
      await window.screenshot(`nothing-yet-${theme}`);
    }
  });
});

describe('The harness', () => {
  const desk = useDesk();

  it('reloads a window and finds it again as it was', async () => {
    const window = await desk.open({
      folder: desk.workspace({ files: { 'auton.toml': '', 'a.txt': 'one' } }),
    });
    await window.container('AUTON');
    await window.reload();
    await window.tree('Runs').welcome();
  });
});
