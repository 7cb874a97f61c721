import assert from 'node:assert/strict';
import { createProgress } from '../../../src/cli/live/progress.ts';
import { renderSummary, workedMs } from '../../../src/cli/live/summary.ts';
import { PLAIN, UNICODE } from '../../../src/cli/terminal/style.ts';
import type { RunEvent } from '../../../src/protocol/events.ts';
import { applyEvent, foldEvents } from '../../../src/protocol/fold.ts';
import { emptyRunState } from '../../../src/protocol/run-state.ts';
import { bootEvidence, buildEvidence, LogBuilder, sampleRun } from '../../fixtures/run-log.ts';
import { goldenIn } from '../../fixtures/golden.ts';
import { MemoryStream } from './memory-stream.ts';

const assertGolden = goldenIn(import.meta.dirname);

function show(events: readonly RunEvent[], json: boolean): string {
  const stdout = new MemoryStream();
  const progress = createProgress({ stdout, env: {}, json });
  const state = emptyRunState();
  for (const event of events) {
    applyEvent(state, event);
    progress.event(event, state);
  }
  progress.end();
  return stdout.text;
}

describe('a run without a terminal', () => {
  it('is told in plain lines, one a meaningful event', () => {
    const lines = show(sampleRun(), false).split('\n');
    // The time of day depends on where the test runs.
    assertGolden(
      'plain-lines',
      lines.map((line) => line.replace(/^\d\d:(\d\d:\d\d)/, 'HH:$1')),
    );
  });

  it('is told as its events with --json', () => {
    const events = sampleRun();
    const lines = show(events, true).trimEnd().split('\n');
    assert.deepEqual(
      lines.map((line) => JSON.parse(line) as RunEvent),
      events,
    );
  });
});

describe('the summary of a run', () => {
  const summary = (events: RunEvent[], columns = 80, model: string | null = null) =>
    renderSummary({
      model,
      state: foldEvents(events),
      workedMs: workedMs(events),
      folder: '/home/ada/os/.auton/runs/20260302-090000-k3f9',
      cwd: '/home/ada/os',
      self: 'auton',
      columns,
      style: PLAIN,
      symbols: UNICODE,
    });

  it('of one that is done says what came of it and what to type next', () => {
    assertGolden('summary-done', summary(sampleRun()));
  });

  it('of one that made a model asks that, and offers no kernel that is not there', () => {
    const log = new LogBuilder();
    log.events.push(...sampleRun());
    const [created] = log.events;
    assert.ok(created?.type === 'run.started');
    created.mode = 'slm_training';
    const test = { name: 'slm_export_engine', subsystem: 'slm_model', passed: true, missing: [] };
    log.evidence(undefined, { ...buildEvidence('whole'), kind: 'inference', tests: [test] });
    const text = summary(log.events, 120, '/home/ada/os/kernels/x86_64/SLM/models/pico-Q8_0.gguf').join('\n');
    assert.match(text, /1 gate of the model, at last 1 of 1 check passed/);
    assert.match(text, /auton slm chat --model kernels\/x86_64\/SLM\/models\/pico-Q8_0\.gguf/);
    assert.doesNotMatch(text, /kernel chat|kernel boot/);
  });

  it('names the kernel that booted, not one that a second compiler built after it', () => {
    const kernelOf = (id: string) => {
      const evidence = buildEvidence(id);
      const kernel = {
        role: 'kernel' as const,
        path: `evidence/${id}/kernel.elf`,
        sha256: 'a'.repeat(64),
        bytes: 1,
      };
      return { ...evidence, files: [...evidence.files, kernel] };
    };
    const log = new LogBuilder();
    log.events.push(...sampleRun('working'));
    log.evidence('boot', kernelOf('not-merged')).evidence('boot', bootEvidence('not-merged-boot', 300));
    assert.doesNotMatch(summary(log.events).join('\n'), /kernel\.elf/);
    log.evidence(undefined, kernelOf('gcc')).evidence(undefined, bootEvidence('gcc-boot', 300));
    log.evidence(undefined, kernelOf('clang'));
    assert.match(summary(log.events).join('\n'), /evidence\/gcc\/kernel\.elf/);
  });

  it('tells how to take what lies on a branch beside the one that is checked out', () => {
    const log = new LogBuilder();
    log.events.push(
      ...sampleRun().map((event) =>
        event.type === 'run.started' ? { ...event, targetBranch: 'auton/main' } : event,
      ),
    );
    assert.match(summary(log.events).join('\n'), /git -C \S+ merge --ff-only auton\/main/);
  });

  it('of one that is paused says why and how to go on', () => {
    const log = new LogBuilder();
    log.events.push(...sampleRun('working'));
    log.add({
      type: 'run.paused',
      reason: 'budget',
      message: 'The budget of $50.00 does not allow the next call. Raise it with `auton budget`.',
    });
    assertGolden('summary-paused', summary(log.events));
  });

  it('of one that failed names the task and the commands about it', () => {
    const log = new LogBuilder();
    log.events.push(...sampleRun('working'));
    log.state('mm-pmm', 'failed', 'three attempts did not build');
    log.add({ type: 'run.finished', outcome: 'failed', summary: '1 of 6 tasks did not get to main.' });
    assertGolden('summary-failed', summary(log.events));
  });

  it('does not count the time in which no engine worked', () => {
    const log = new LogBuilder();
    log.events.push(...sampleRun('planned'));
    const before = workedMs(log.events);
    log
      .wait(8 * 3600_000)
      .add({ type: 'run.resumed', pid: 1 })
      .wait(2_000);
    log.add({ type: 'run.continued' });
    const at = Date.parse(log.events.findLast(({ type }) => type === 'run.resumed')?.at ?? '');
    const end = Date.parse(log.events.at(-1)?.at ?? '');
    assert.equal(workedMs(log.events), before + (end - at));
    assert.equal(end - at, 2_000);
  });
});
