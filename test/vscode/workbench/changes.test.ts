import assert from 'node:assert/strict';
import { useDesk } from '../harness/mocha.ts';
import { writeReviewedRun } from '../harness/reviewed-run.ts';
import { THEMES, type Theme } from '../harness/workbench.ts';

const short = (commit: string) => commit.slice(0, 7);

describe('The changes of a run', () => {
  const desk = useDesk();

  const open = async () => {
    const folder = desk.workspace();
    const run = writeReviewedRun(folder);
    const window = await desk.open({ folder });
    await window.container('AUTON');
    const tree = window.tree('Changes');
    await tree.maximise();
    return { window, tree, run };
  };
  it('are branches, commits and files, what waits for the user first', async () => {
    const { tree } = await open();
    await tree.row('mm');
    await tree.expand('mm');
    await tree.expand('A bitmap of frames.');
    await tree.row('pmm.c');
    const rows = (await tree.rows()).map(({ level, label, description }) =>
      `${'  '.repeat(level - 1)}${label} | ${description}`.replace(/[0-9a-f]{7}/, '<id>'),
    );
    assert.deepEqual(rows, [
      'mm | waits for your review · developer-1',
      '  Frames are counted. | <id> · attempt 2',
      '  A bitmap of frames. | <id> · attempt 1',
      '    logo.bin | binary',
      '    pmm.c | mm  +5',
      '    pmm.h | mm',
      'sched | in work · developer-3',
      'lib | merged · developer-2',
    ]);
    await tree.expand('sched');
    await tree.expand('In work');
    assert.equal((await tree.row('sched.c')).description, 'sched  +1');
    assert.equal((await tree.row('Makefile')).description, '+1 −1');
  });

  it('open as diffs that say what they compare, with the reviewer on the line and a verdict in the title', async () => {
    const { window, tree, run } = await open();
    await tree.expand('mm');
    await tree.expand('A bitmap of frames.');
    await tree.click('pmm.c');
    await window.tab(`pmm.c (mm: ${short(run.merge)} ↔ ${short(run.first)})`);
    // Resolved by the approval that followed, so it is folded.
    const listed = window.page.locator('.comments-panel .monaco-list-row', { hasText: 'reviewer-1' });
    await window.until("the reviewer's comment in the list", async () => (await listed.count()) === 1);
    await listed.click();
    const comment = window.page.locator('.review-widget .review-comment').filter({ visible: true });
    await window.until("the reviewer's comment", async () => (await comment.count()) === 1);
    const text = await comment.first().innerText();
    assert.match(text, /reviewer-1/);
    assert.match(text, /This is always \*zero\*: count the frames\./);
    await window.until('the verdict in the title', async () =>
      (await window.titleButtons()).some((label) => label.startsWith('Approve')),
    );
    assert.ok((await window.titleButtons()).some((label) => label.startsWith('Reject')));
    for (const theme of Object.keys(THEMES) as Theme[]) {
      await window.theme(theme);
      await window.screenshot(`changes-${theme}`);
    }
  });

  it('open as a whole, and what is merged offers no verdict', async () => {
    const { window, tree, run } = await open();
    await tree.button('lib', 'Open All Changes');
    await window.tab(new RegExp(`^lib: ${short(run.base)} ↔ ${short(run.merge)}`));
    await window.until('the buttons of the title', async () =>
      (await window.titleButtons()).some((label) => label.startsWith('Open All Changes')),
    );
    assert.ok(!(await window.titleButtons()).some((label) => label.startsWith('Approve')));
    await tree.button('mm', 'Open All Changes');
    await window.tab(new RegExp(`^mm: ${short(run.merge)} ↔ ${short(run.second)}`));
    await window.until('the verdict in the title', async () =>
      (await window.titleButtons()).some((label) => label.startsWith('Approve')),
    );
    await window.screenshot('changes-whole-branch');
  });

  it("keep the user's comments over a reload until they are sent", async () => {
    const { window, tree, run } = await open();
    await tree.expand('mm');
    await tree.expand('Frames are counted.');
    await tree.click('pmm.c');
    const tab = `pmm.c (mm: ${short(run.first)} ↔ ${short(run.second)})`;
    await window.tab(tab);
    // The command is offered once the editor knows which lines take comments, and the cursor came to one after that.
    const ranges = window.page.locator('.editor.modified .comment-range-glyph');
    await window.until('lines that take comments', async () => (await ranges.count()) > 0);
    await window.page
      .locator('.editor.modified .view-lines')
      .first()
      .click({ position: { x: 60, y: 5 } });
    await window.command('Comments: Add Comment on Current Selection');
    const box = window.page.locator('.review-widget').filter({ visible: true });
    await window.until('the box of a comment', async () => (await box.count()) > 0);
    await window.page.keyboard.insertText('Name the type.');
    await box.locator('.monaco-button', { hasText: 'Add Comment' }).click();
    const isKept = async () =>
      (await box.locator('.review-comment').allInnerTexts()).join().includes('Name the type.');
    await window.until('the comment to be kept', isKept);
    assert.match((await box.allInnerTexts()).join(), /not sent/);

    await window.reload();
    await window.tab(tab);
    await window.until('the comment to be there again', isKept);
    await window.command('AUTON: Reject');
    await window.quickInput.asks(/Reject the change of mm.*your comments \(1\)/);
    await window.screenshot('changes-reject');
    await window.press('Escape');
  });
});
