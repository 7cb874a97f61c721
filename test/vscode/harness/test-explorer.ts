/** The Test Explorer, whose rows have no labels of their own but what a screen reader says. */
import type { Locator } from 'playwright-core';
import type { Workbench } from './workbench.ts';

export function testRow({ page }: Workbench, name: string): Locator {
  return page.locator(`.test-explorer .monaco-list-row[aria-label*="${name}"]`);
}

/** Opens it and unfolds what is above a test: `openTest(window, 'x86_64', 'boot', 'boot_long_mode')`. */
export async function openTest(window: Workbench, ...path: string[]): Promise<void> {
  await window.container('Testing');
  for (const [index, name] of path.entries()) {
    const parent = path[index - 1];
    await window.until(`${name} in the Test Explorer`, async () => {
      if ((await testRow(window, name).count()) > 0) return true;
      if (parent === undefined) return false;
      await testRow(window, parent).first().click({ timeout: 5000 });
      await window.press('ArrowRight');
      return false;
    });
  }
  await testRow(window, path.at(-1)!).hover();
}
