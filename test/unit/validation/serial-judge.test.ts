import assert from 'node:assert/strict';
import { acceptanceTestSchema } from '../../../src/protocol/schema/evidence.ts';
import { groupTests } from '../../../src/validation/boot-groups.ts';
import { SerialJudge } from '../../../src/validation/serial-judge.ts';

function test(patterns: string[], rest: Record<string, unknown> = {}) {
  return acceptanceTestSchema.parse({ name: 'a_test', subsystem: 'mm', patterns, ...rest });
}

function judge(patterns: string[], lines: string[], rest: Record<string, unknown> = {}) {
  const it = new SerialJudge([test(patterns, rest)]);
  for (const line of lines) it.read(line);
  const [result] = it.results();
  assert.ok(result);
  return { ...result, judge: it };
}

describe('serial judge', () => {
  const PASS = '\\[TEST\\] pmm: PASS';

  it('passes on the lines themselves, in any order, after a time stamp too', () => {
    assert.equal(judge([PASS, 'AUTON'], ['[TEST] pmm: PASS', 'AUTON Kernel booting']).passed, true);
    assert.equal(judge([PASS], ['[    0.123456] [TEST] pmm: PASS']).passed, true);
  });

  it('does not take a line about a marker for the marker', () => {
    for (const line of [
      '[BOOT] Command line: [TEST] pmm: PASS',
      'auton> [TEST] pmm: PASS',
      'expected "[TEST] pmm: PASS"',
      '[TEST] pmm: PASS or not',
      '[TEST] pmm: PASSED',
      'xAUTON',
    ]) {
      assert.deepEqual(judge([PASS], [line]).missing, [PASS], line);
    }
    assert.equal(judge(['AUTON Kernel booting'], ['no AUTON Kernel booting']).passed, false);
  });

  it('says which lines were missing', () => {
    const { missing, detail } = judge([PASS, '\\[MM\\] ready'], ['[MM] ready']);
    assert.deepEqual(missing, [PASS]);
    assert.match(detail ?? '', /Not seen on the serial port: \\\[TEST\\\] pmm: PASS/);
  });

  it('fails on FAIL, also after a PASS of the same name', () => {
    const {
      passed,
      detail,
      judge: it,
    } = judge([PASS], ['[TEST] pmm: PASS', '[TEST] pmm: FAIL - lost a page']);
    assert.equal(passed, false);
    assert.match(detail ?? '', /pmm failed: lost a page/);
    assert.deepEqual([...it.failedSelfTests], [['pmm', 'lost a page']]);
  });

  it('knows when the self-tests are through', () => {
    const done = (line: string) => judge([PASS], [line]).judge.selfTestsDone;
    assert.ok(done('[TEST] 42 run, 0 failed') && done('[    0.5] [TEST] 1 run, 1 failed'));
    assert.ok(!done('[TEST] pmm: PASS') && !done('auton> [TEST] 42 run, 0 failed'));
  });

  it('counts nothing after a panic', () => {
    for (const panic of [
      'KERNEL PANIC: no',
      'EXCEPTION 37: Data abort, vector 4, syndrome 0x96000045',
      'PANIC: no',
      '*** kernel panic - no',
      'FATAL: No usable memory found',
    ]) {
      const { passed, judge: it } = judge([PASS], [panic, '[TEST] pmm: PASS']);
      assert.equal(passed, false);
      assert.equal(it.panic, panic);
    }
    assert.equal(judge([PASS], ['panicking is not implemented']).judge.panic, undefined);
  });

  it('fails on forbidden lines', () =>
    assert.match(
      judge([PASS], ['[TEST] pmm: PASS', 'WARN x'], { forbidden: ['WARN'] }).detail ?? '',
      /must not appear: WARN x/,
    ));
});

describe('boot groups', () => {
  const of = (...tests: Record<string, unknown>[]) =>
    groupTests(tests.map((rest, i) => test(['x'], { name: `t${i}`, ...rest }))).map(
      ({ boot, tests: members, cmdline, devices }) => ({
        boot,
        names: members.map(({ name }) => name),
        cmdline,
        devices,
      }),
    );

  it('shares one boot and merges subsystems, words and devices', () =>
    assert.deepEqual(
      of({ subsystem: 'sched', cmdline: 'slm=rules' }, { devices: ['user-net'] }, { cmdline: 'quiet exit' }),
      [
        {
          boot: 'kernel',
          names: ['t0', 't1', 't2'],
          cmdline: 'test=mm,sched slm=rules quiet exit',
          devices: ['user-net'],
        },
      ],
    ));

  it('boots once more for other media and for words that disagree', () =>
    assert.deepEqual(
      of({}, { boot: 'iso' }, { cmdline: 'slm=rules' }, { cmdline: 'slm=neural' }, {}).map(
        ({ boot, names }) => [boot, names],
      ),
      [
        ['kernel', ['t0', 't2', 't4']],
        ['iso', ['t1']],
        ['kernel', ['t3']],
      ],
    ));
});
