import assert from 'node:assert/strict';
import { useDesk } from '../harness/mocha.ts';
import { THEMES, type Theme } from '../harness/workbench.ts';

describe('AUTON in a folder in which nothing ran yet', () => {
  const desk = useDesk();

  it('says how to begin, over a reload, offers its commands, those of items not, in every colour theme', async () => {
    const window = await desk.open({ folder: desk.workspace() });
    await window.container('AUTON');
    await window.reload();
    const { buttons } = await window.tree('Runs').welcomeSays(/Agents plan, write, build, boot/);
    assert.ok(buttons.includes('Run Goal'), buttons.join());
    for (const title of ['AUTON: Run Goal', 'AUTON: Check Environment', 'AUTON: Show Logs']) {
      assert.ok((await window.palette(title)).includes(title), title);
    }
    assert.deepEqual(
      (await window.palette('AUTON: Open')).filter((title) => title === 'AUTON: Open Change'),
      [],
    );
    for (const theme of Object.keys(THEMES) as Theme[]) {
      await window.theme(theme);
      await window.screenshot(`nothing-yet-${theme}`);
    }
  });
});

describe('AUTON in a window without a folder', () => {
  const desk = useDesk();

  it('says that it needs one', async () => {
    const window = await desk.open({});
    await window.container('AUTON');
    const { buttons } = await window.tree('Runs').welcomeSays(/AUTON works in a folder/);
    assert.deepEqual(buttons, ['Open Folder']);
    await window.screenshot('no-folder');
  });
});
