import assert from 'node:assert/strict';
import type { ConsoleMessage, FrameLocator } from 'playwright-core';
import type { RunEvent } from '../../../src/protocol/events.ts';
import { LogBuilder, sampleRun, task } from '../../fixtures/run-log.ts';
import { startedEvent } from '../../fixtures/events.ts';
import { useDesk } from '../harness/mocha.ts';
import type { Desk } from '../harness/shared.ts';
import { THEMES, type Theme, type Workbench } from '../harness/workbench.ts';

const asLog = (events: readonly RunEvent[]) => events.map((event) => `${JSON.stringify(event)}\n`).join('');

/** A folder with one run of the past. */
function folderWith(desk: Desk, events: readonly RunEvent[]): string {
  const [first] = events;
  assert.equal(first?.type, 'run.started');
  return desk.workspace({
    files: { 'auton.toml': '', [`.auton/runs/${first.run}/events.jsonl`]: asLog(events) },
  });
}

async function openGraph(window: Workbench): Promise<FrameLocator> {
  await window.command('AUTON: Open Graph');
  await window.tab(/^Graph: /);
  return graphIn(window);
}

async function graphIn(window: Workbench): Promise<FrameLocator> {
  const graph = window.webview();
  await window.until('the graph', async () => (await graph.locator('.card').count()) > 0);
  return graph;
}

/** Runs in the page: sends it what is not of the protocol, and has it run a script that it did not bring along. */
function attack(body: unknown): Promise<{ violated: string; ran: unknown }> {
  const page = globalThis as unknown as {
    ran?: true;
    postMessage(message: unknown, origin: string): void;
    document: {
      addEventListener(name: string, listener: (event: { violatedDirective: string }) => void): void;
      createElement(name: string): { textContent: string };
    };
  };
  const malformed = [null, 'x', { type: 'delta' }, { type: 'gone' }, { type: 'state', tasks: [{}] }];
  for (const message of malformed) page.postMessage(message, '*');
  return new Promise((resolve) => {
    page.document.addEventListener('securitypolicyviolation', ({ violatedDirective }) =>
      resolve({ violated: violatedDirective, ran: page.ran }),
    );
    const script = page.document.createElement('script');
    script.textContent = 'window.ran = true';
    (body as { append(element: unknown): void }).append(script);
  });
}

const selected = (graph: FrameLocator) => graph.locator('[aria-selected="true"] .id').allTextContents();

describe('The graph of a run', () => {
  const desk = useDesk();

  it('shows its tasks with their states and the time line; a click leads to the tree, keys along the edges', async () => {
    const window = await desk.open({ folder: folderWith(desk, sampleRun()) });
    const graph = await openGraph(window);
    assert.deepEqual((await graph.locator('.card .id').allTextContents()).sort(), [
      ...['boot', 'dev-pci', 'headers', 'mm-pmm', 'mm-slab', 'slm-rules'],
    ]);
    assert.match(
      (await graph.locator('.facts').textContent()) ?? '',
      /6 of 6 merged .* no model, costs nothing/,
    );
    const boot = await graph.locator('#task-boot').getAttribute('aria-label');
    assert.match(boot ?? '', /boot: Enter long mode.*merged.*2 attempts.*after headers/);
    assert.equal(await graph.locator('.lanes [role="listitem"]').count(), 6);
    await window.screenshot('graph-finished');

    await graph.locator('#task-headers').click();
    await window.tree('Runs').row('headers');
    assert.deepEqual(await selected(graph), ['headers']);

    await graph.locator('.graph').focus();
    await window.press('ArrowRight');
    assert.match((await selected(graph)).join(), /^(boot|mm-pmm)$/);
    await window.press('ArrowLeft');
    assert.deepEqual(await selected(graph), ['headers']);
    await window.press('End');
    assert.deepEqual(await selected(graph), ['slm-rules']);
  });

  it('filters by words and by state, and is itself in every colour theme', async () => {
    const window = await desk.open({ folder: folderWith(desk, sampleRun('working')) });
    const graph = await openGraph(window);
    await graph.locator('.search').fill('slab');
    await window.until('one task to be left', async () => (await graph.locator('.card.faded').count()) === 5);
    assert.equal(await graph.locator('.matches').textContent(), '1 of 6 tasks');
    await graph.locator('.search').fill('');
    await graph.locator('.chip[title="merged"]').click();
    await window.until('the merged ones', async () => (await graph.locator('.card.faded').count()) === 5);
    await window.screenshot('graph-filtered');
    await graph.locator('.chip[title="merged"]').click();
    await graph.locator('#task-boot').click();
    await window.tree('Runs').row('boot');
    for (const theme of Object.keys(THEMES) as Theme[]) {
      await window.theme(theme);
      await window.screenshot(`graph-${theme}`);
    }
  });

  it('is there again after the window was reloaded, as it was left', async () => {
    const window = await desk.open({ folder: folderWith(desk, sampleRun()) });
    let graph = await openGraph(window);
    await graph.locator('.choice', { hasText: 'Agents' }).click();
    await graph.locator('#task-boot').click();
    await graph.locator('.button[aria-label^="Zoom in"]').click();
    const before = await graph.locator('.nodes').getAttribute('style');
    // What is kept is kept a moment later.
    await window.until('the view to be kept', async () => {
      await window.page.waitForTimeout(500);
      return true;
    });
    await window.reload();
    graph = await graphIn(window);
    assert.deepEqual(await selected(graph), ['boot']);
    assert.equal(await graph.locator('.nodes').getAttribute('style'), before);
    assert.equal(await graph.locator('.choice[aria-pressed="true"]').textContent(), 'Agents');
  });

  it('ignores what is not of its protocol, and runs nothing but its own script', async () => {
    const said: string[] = [];
    const window = await desk.open({ folder: folderWith(desk, sampleRun()) });
    window.page.on('console', (message: ConsoleMessage) => said.push(message.text()));
    const graph = await openGraph(window);
    assert.deepEqual(
      said.filter((text) => /Content Security Policy/i.test(text)),
      [],
    );
    const ran = await graph.locator('body').evaluate(attack);
    assert.deepEqual(ran, { violated: 'script-src-elem', ran: undefined });
    await window.until('the warning', () => said.some((text) => text.includes("graph's protocol")));
    assert.equal(said.filter((text) => text.includes("graph's protocol")).length, 1);
    assert.equal(await graph.locator('.card').count(), 6);
  });

  it('shows what agents wrote as text, never as markup', async () => {
    const log = new LogBuilder().add(startedEvent({ goal: '<b>a goal</b>' }));
    const title = '<img src=x onerror="document.title=1"> and <script>1</script>';
    log.add({ type: 'tasks.added', tasks: [task('boot', title)], by: 'manager-1' });
    const window = await desk.open({ folder: folderWith(desk, log.events) });
    const graph = await openGraph(window);
    assert.equal(await graph.locator('.card .title').textContent(), title);
    assert.equal(await graph.locator('.goal').textContent(), '<b>a goal</b>');
    assert.equal(await graph.locator('main :is(img, b, script)').count(), 0);
  });

  it('stays usable with a thousand tasks, of which only those in sight are in the page', async () => {
    const tasks = Array.from({ length: 1000 }, (_, index) =>
      task(`part-${index}`, `Write part ${index}`, index < 20 ? [] : [`part-${index - 20}`]),
    );
    const log = new LogBuilder().add(startedEvent(), { type: 'tasks.added', tasks, by: 'manager-1' });
    log.state('part-500', 'ready').startAttempt('part-500', 'developer-1', 'developer');
    const window = await desk.open({ folder: folderWith(desk, log.events) });
    const graph = await openGraph(window);
    // It begins where work is done.
    await window.until('the task at work', async () => (await graph.locator('#task-part-500').count()) === 1);
    assert.ok((await graph.locator('.card').count()) < 300);
    await graph.locator('.button[aria-label^="Show everything"]').click();
    await window.until('all tasks', async () => (await graph.locator('.card').count()) === 1000);
    await window.screenshot('graph-thousand');
  });
});

describe('What a run cost', () => {
  const desk = useDesk();

  it('is shown as a document, and is in the report, which the command line writes', async () => {
    const folder = folderWith(desk, sampleRun());
    const window = await desk.open({ folder });
    await window.command('AUTON: Show Costs');
    const preview = window.webview();
    await window.until('the costs', async () => (await preview.locator('table').count()) >= 4);
    assert.match((await preview.locator('body').innerText()) ?? '', /nothing: the answers are recorded/);
    await window.screenshot('costs');
    await window.closeTabs();

    await window.command('AUTON: Show Report');
    const report = window.webview();
    await window.until('the report', async () => (await report.locator('#tasks').count()) > 0);
    await window.notification(/web page/);
  });
});

describe('In a folder that is not trusted', () => {
  const desk = useDesk({ trust: 'asked' });

  it('the graph and the costs can be seen, and no report is written', async () => {
    const window = await desk.open({ folder: folderWith(desk, sampleRun()) });
    await window.container('AUTON');
    await openGraph(window);
    await window.command('AUTON: Show Report');
    await window.notification(/not trusted/);
  });
});
