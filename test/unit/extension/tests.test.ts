import assert from 'node:assert/strict';
import type { Evidence, TestResult } from '../../../src/protocol/evidence.ts';
import type { ValidateEvent } from '../../../src/protocol/validate-events.ts';
import { EventLines } from '../../../src/extension/tests/event-lines.ts';
import { failureText, verdictOf } from '../../../src/extension/tests/verdict.ts';

const failed = (rest: Partial<TestResult> = {}): TestResult => ({
  ...{ name: 'mm_pmm_init', subsystem: 'mm', passed: false, missing: [], ...rest },
});
const boot = (rest: Partial<Evidence>): Evidence => ({
  ...{ id: 'boot-1', kind: 'boot', passed: false, summary: '1 of 2 tests failed.' },
  ...{ startedAt: '', durationMs: 1, findings: [], tests: [], files: [], ...rest },
});

describe('events of a validation', () => {
  it('are read from output that comes in pieces, and nothing else is', () => {
    const sent: ValidateEvent[] = [
      { type: 'output', from: 'serial', text: 'AUTON Kernel booting\r\n' },
      { type: 'test', result: failed() },
    ];
    const text = `${sent.map((event) => JSON.stringify(event)).join('\n')}\n(node:1) Warning\n12\nnull\n`;
    const seen: ValidateEvent[] = [];
    const lines = new EventLines((event) => seen.push(event));
    for (const character of text) lines.add(character);
    assert.deepEqual(seen, sent);
  });
});

describe('what a test that failed says', () => {
  it('is what was missing, what the boot showed, and the last lines', () => {
    const result = failed({ missing: ['\\[MM\\] PMM'], detail: 'Not seen on the serial port: \\[MM\\] PMM' });
    const evidence = boot({
      findings: [
        { severity: 'error', message: 'The kernel hung' },
        { severity: 'note', message: 'unimportant' },
      ],
      tail: 'AUTON Kernel booting\n',
    });
    assert.deepEqual(verdictOf(result, evidence, '').text.split('\n'), [
      'Not seen on the serial port: \\[MM\\] PMM',
      'The kernel hung',
      '',
      'Last lines:',
      '  AUTON Kernel booting',
    ]);
  });

  it('is the reason of a self-test where no line was missing', () => {
    assert.equal(
      verdictOf(failed({ detail: '[TEST] x failed: why.' }), null, '').text,
      '[TEST] x failed: why.',
    );
  });

  it('has the place where the kernel died', () => {
    const serial =
      '  #1 0xffff mm_init+0x2 at kernels/x86_64/mm/pmm.c:25\r\nkernels/x86_64/mm/pmm.c:25: kernel panic: x\r\n';
    assert.deepEqual(verdictOf(failed(), null, serial).place, { file: 'kernels/x86_64/mm/pmm.c', line: 25 });
    assert.equal(verdictOf(failed(), null, 'kernel panic: without a place\r\n').place, null);
  });

  it('names the files of a build that failed', () => {
    const findings = [{ severity: 'error' as const, message: 'bad', file: 'a.c', line: 3 }];
    assert.equal(
      failureText(boot({ kind: 'build', summary: 'The build failed', findings })),
      'The build failed\na.c:3: bad',
    );
  });
});
