/** Clocks inside the page: when something is drawn, on the clock that this process has too. */
import { until } from '../vscode/harness/wait.ts';
import type { Workbench } from '../vscode/harness/workbench.ts';

/** In the page; sent there as text. Resolves with the time at which `isThere` holds and a frame has been drawn. */
const WATCH = `(isThere) => new Promise((resolve, reject) => {
  const late = setTimeout(() => reject(new Error('It was not drawn within 30 s')), 30000);
  const look = () => {
    if (!isThere()) return;
    observer.disconnect();
    clearTimeout(late);
    requestAnimationFrame(() => setTimeout(() => resolve(Date.now())));
  };
  const observer = new MutationObserver(look);
  observer.observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true });
  look();
})`;
const ROWS = `[...document.querySelectorAll('.sidebar .monaco-list-row')]`;
const labelled = (label: string) =>
  `${ROWS}.find((row) => row.querySelector('.label-name')?.textContent.trim() === ${JSON.stringify(label)})`;

/** From now on the row is watched; the answer waits for it to be drawn anew and tells when that was. */
export async function watchRow({ page }: Workbench, label: string): Promise<() => Promise<number>> {
  await page.evaluate(`{
    const row = () => ${labelled(label)};
    const text = () => row()?.getAttribute('aria-label') + row()?.querySelector('.custom-view-tree-node-item-icon')?.className;
    const before = text();
    globalThis.drawn = (${WATCH})(() => row() && text() !== before);
    undefined; // not the promise, which would be waited for
  }`);
  return async () => Number(await page.evaluate('globalThis.drawn'));
}

/** Clicks the twistie of a folded row and tells how many milliseconds later its children are drawn. */
export async function watchExpansion(window: Workbench, row: RegExp): Promise<number> {
  const { page } = window;
  const found = (await window.tree('Runs').rows()).find(({ label }) => row.test(label));
  if (!found) throw new Error(`There is no row ${row}`);
  await page.evaluate(`{
    const row = () => ${labelled(found.label)};
    const level = Number(row().getAttribute('aria-level')) + 1;
    globalThis.clicked = new Promise((resolve) =>
      addEventListener('mousedown', () => resolve(Date.now()), { capture: true, once: true }));
    globalThis.drawn = (${WATCH})(() => ${ROWS}.filter((row) => row.getAttribute('aria-level') === String(level)).length >= 15);
    undefined;
  }`);
  await window.tree('Runs').expand(row);
  await until('the children', async () => (await window.tree('Runs').rows()).length > 15);
  return Number(
    await page.evaluate('Promise.all([drawn, clicked]).then(([drawn, clicked]) => drawn - clicked)'),
  );
}
