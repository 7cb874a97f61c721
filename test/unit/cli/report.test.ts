import assert from 'node:assert/strict';
import { renderHtml } from '../../../src/cli/report/html.ts';
import { renderMarkdown } from '../../../src/cli/report/markdown.ts';
import { foldEvents } from '../../../src/protocol/fold.ts';
import type { StoredRun } from '../../../src/run/runs.ts';
import { LogBuilder, sampleRun, task } from '../../fixtures/run-log.ts';
import { goldenIn } from '../../fixtures/golden.ts';

const assertGolden = goldenIn(import.meta.dirname);

function stored(events = sampleRun()): StoredRun {
  return { state: foldEvents(events), events, folder: '/run' };
}

/** A run in which everything an agent can write is markup. */
function hostile(): StoredRun {
  const log = new LogBuilder();
  const evil = '</table><script>alert(1)</script> | `x` [a](javascript:b) ```';
  log.events.push(...sampleRun('planned').slice(0, 1));
  log.add({ type: 'tasks.added', tasks: [task('evil', evil.slice(0, 100))], by: 'manager-1' });
  log.state('evil', 'failed', evil);
  log.add({ type: 'notice', level: 'warning', text: evil });
  const events = log.events.map((event, index) => ({ ...event, seq: index + 1 }));
  return stored(events);
}

describe('the report of a run', () => {
  it('looks as in report.txt in Markdown', () => {
    const lines = renderMarkdown(stored()).trimEnd().split('\n');
    assertGolden(
      'report',
      lines.map((line) =>
        line.replace(/base64,[A-Za-z0-9+/=]+/, 'base64,...').replace(/started \S+ \d\d/, 'started DAY HH'),
      ),
    );
  });

  it('names in HTML every task, command, exit code and hash', () => {
    const run = stored();
    const html = renderHtml(run);
    for (const { spec, evidence } of run.state.tasks.values()) {
      assert.ok(html.includes(`id="task-${spec.id}"`));
      for (const { command, files } of evidence) {
        assert.ok(html.includes(command?.join(' ') ?? ''));
        for (const { sha256 } of files) assert.ok(html.includes(sha256));
      }
    }
    assert.match(html, /exit code 33/);
    assert.match(html, /<svg[^>]*aria-label="Timeline of 6 tasks"/);
  });

  it('needs nothing but itself and runs nothing', () => {
    for (const run of [stored(), hostile()]) {
      const html = renderHtml(run);
      assert.match(html, /default-src 'none'/);
      assert.doesNotMatch(html, /<script|<img|<link|\ssrc=|url\(/i);
      assert.doesNotMatch(html, /\son\w+="/i);
    }
  });

  it('lets nothing that an agent wrote become Markdown', () => {
    const markdown = renderMarkdown(hostile());
    assert.doesNotMatch(markdown, /<script|[^\\]\[a\]\(/);
    for (const line of markdown.split('\n').filter((text) => text.startsWith('| ['))) {
      assert.equal(line.match(/(?<!\\)\|/g)?.length, 8, line);
    }
  });

  it('of a run without tasks says so', () => {
    assert.match(renderMarkdown(stored(sampleRun('planned').slice(0, 2))), /Nothing was planned\./);
  });
});
