import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { PROFILES } from '../kernel/architectures.ts';
import type { ArchitectureProfile } from '../kernel/architectures.ts';
import { QemuSession } from '../kernel/qemu.ts';
import type { Accelerator, QemuExit } from '../kernel/qemu.ts';
import { errorMessage, UserError } from '../protocol/errors.ts';
import type { AcceptanceTest, Evidence, EvidenceFile, Finding, TestResult } from '../protocol/evidence.ts';
import type { Architecture } from '../protocol/roles.ts';
import { groupTests } from './boot-groups.ts';
import type { BootGroup } from './boot-groups.ts';
import { BootMedia } from './boot-media.ts';
import { elfProblem } from './build.ts';
import { EvidenceRecord, lastLines } from './record.ts';
import type { ValidationContext } from './record.ts';
import { SerialJudge } from './serial-judge.ts';

export interface BootOptions extends ValidationContext {
  kernel: string;
  architecture: Architecture;
  /** None only asks for a boot to the end. */
  tests: readonly AcceptanceTest[];
  accel: Accelerator;
  /** Another QEMU than the architecture's. */
  qemu?: string | undefined;
  /** Upper bound for each boot; a test's own time-out can only be shorter. */
  timeoutMs: number;
  memoryMb?: number | undefined;
  /** Each test's outcome as soon as it is clear. */
  onTest?: ((result: TestResult) => void) | undefined;
  /** Each serial line as it comes, for a live console. */
  onSerialLine?: ((line: string) => void) | undefined;
}

const TAIL_LINES = 40;
const MAX_SERIAL_BYTES = 1 << 20;
/** After a panic the registers and the backtrace are still to come. */
const PANIC_GRACE_MS = 300;

interface BootOutcome {
  /** The machine ran and ended as it should, whatever its tests said. */
  ended: boolean;
  results: TestResult[];
  findings: Finding[];
  lines: string[];
  files: EvidenceFile[];
  command?: string[];
  exitCode: number | null;
  /** From QEMU's start to the last needed line before the self-tests; absent when a needed line was missing. */
  bootMs?: number;
}

/**
 * Boots a kernel and judges it by its serial port alone: a test passes when its lines were read, the kernel printed no
 * failure, did not panic and left QEMU by itself as it should. Everything else is failed evidence, also when QEMU or a
 * tool for boot media is missing; throws only for the signal.
 */
export async function validateBoot(options: BootOptions): Promise<Evidence> {
  const record = new EvidenceRecord('boot', options);
  const profile = PROFILES[options.architecture];
  const groups = options.tests.length > 0 ? groupTests(options.tests) : [bareBoot(options.timeoutMs)];
  const outcomes: BootOutcome[] = [];
  const problem = elfProblem(options.kernel, profile);
  const media = new BootMedia(problem === undefined ? groups : [], record, options);
  try {
    for (const [index, group] of groups.entries()) {
      options.signal?.throwIfAborted();
      // A kernel that did not come to its end once would only spend the time again.
      const stuck = outcomes.some(({ ended }) => !ended);
      const tell = teller(group, options.onTest);
      const outcome = stuck
        ? notBooted(group)
        : await bootGroup(group, index, { profile, record, options, problem, media, tell });
      outcomes.push(outcome);
      for (const result of outcome.results) tell(result);
    }
  } finally {
    await media.close();
  }
  const tests = outcomes.flatMap(({ results }) => results);
  const findings = outcomes.flatMap((outcome) => outcome.findings);
  const failed = outcomes.find((outcome) => !isPassed(outcome));
  const boots = outcomes.filter(({ files }) => files.length > 0).length;
  const times = outcomes.flatMap(({ bootMs }) => bootMs ?? []);
  const shown = failed ?? outcomes[0];
  return record.finish({
    passed: failed === undefined,
    summary: summarise(tests, findings, boots),
    ...(shown?.command ? { command: shown.command } : {}),
    exitCode: shown?.exitCode ?? null,
    findings,
    tests,
    files: outcomes.flatMap(({ files }) => files),
    ...(shown ? { tail: lastLines(shown.lines, TAIL_LINES) } : {}),
    ...(failed === undefined && times[0] !== undefined ? { bootMs: Math.round(times[0]) } : {}),
  });
}

function isPassed({ results, findings }: BootOutcome): boolean {
  return results.every(({ passed }) => passed) && findings.every(({ severity }) => severity !== 'error');
}

function bareBoot(timeoutMs: number): BootGroup {
  return { boot: 'kernel', tests: [], cmdline: 'test=boot exit', devices: [], timeoutMs };
}

/** Tells each outcome once. */
function teller({ tests }: BootGroup, onTest: BootOptions['onTest']): (result: TestResult) => void {
  const waiting = new Set(tests.map(({ name }) => name));
  return (result) => {
    if (waiting.delete(result.name)) onTest?.(result);
  };
}

async function bootGroup(
  group: BootGroup,
  index: number,
  {
    profile,
    record,
    options,
    problem,
    media,
    tell,
  }: {
    profile: ArchitectureProfile;
    record: EvidenceRecord;
    options: BootOptions;
    /** Why the kernel cannot be booted at all. */
    problem: string | undefined;
    media: BootMedia;
    tell: (result: TestResult) => void;
  },
): Promise<BootOutcome> {
  const judge = new SerialJudge(group.tests);
  const logName = index === 0 ? 'serial.log' : `serial-${index + 1}.log`;
  const outcome = (findings: Finding[], rest: Partial<BootOutcome> = {}): BootOutcome => ({
    ...{ ended: false, results: judge.results(), findings, lines: judge.lines, files: [], exitCode: null },
    ...rest,
  });
  if (problem !== undefined) return outcome([error(`There is nothing to boot: ${problem}.`)]);

  let session: QemuSession;
  let lastNeeded: number | undefined;
  let selfTests = false;
  const timeoutMs = Math.min(group.timeoutMs, options.timeoutMs);
  try {
    const image = await media.image(group);
    writeFileSync(record.path(logName), '');
    session = new QemuSession({
      ...{ profile, image, boot: group.boot, cmdline: group.cmdline, devices: group.devices, timeoutMs },
      ...{ accel: options.accel, serialLog: record.path(logName), maxSerialBytes: MAX_SERIAL_BYTES },
      ...(options.qemu === undefined ? {} : { binary: options.qemu }),
      ...(options.memoryMb === undefined ? {} : { memoryMb: options.memoryMb }),
      ...lookup(options),
    });
  } catch (problem) {
    options.signal?.throwIfAborted();
    if (!(problem instanceof UserError)) throw problem;
    return outcome([error(errorMessage(problem))]);
  }
  session.serial.onLine((line) => {
    options.onSerialLine?.(line);
    const before = judge.panic;
    selfTests ||= line.startsWith('[TEST]');
    // How long self-tests take says nothing about the boot: every subsystem adds some.
    if (judge.read(line)) {
      if (!(selfTests && lastNeeded !== undefined)) lastNeeded = performance.now() - session.startedAt;
      for (const result of judge.settled()) tell(result);
    }
    if (before === undefined && judge.panic !== undefined)
      void sleep(PANIC_GRACE_MS).then(() => session.stop());
  });
  const exit = await session.exited;
  options.signal?.throwIfAborted();
  // A last line without its end still shows what the kernel was about to say, but counts for nothing.
  if (session.serial.openLine) judge.lines.push(session.serial.openLine);

  const end = endFindings(exit, judge, profile, timeoutMs);
  return outcome([...end, ...selfTestFindings(judge)], {
    ended: end.length === 0,
    command: [...session.argv],
    exitCode: exit.code,
    files: [record.file('serial-log', logName)],
    ...(judge.complete && lastNeeded !== undefined ? { bootMs: lastNeeded } : {}),
  });
}

function notBooted(group: BootGroup): BootOutcome {
  const results = new SerialJudge(group.tests).results().map((result) => ({
    ...result,
    detail: 'Not booted again, because the kernel did not come to its end before.',
  }));
  return { ended: false, results, findings: [], lines: [], files: [], exitCode: null };
}

function lookup({ env, signal }: BootOptions) {
  return { ...(env ? { env } : {}), ...(signal ? { signal } : {}) };
}

/** What the way in which the machine ended says about the kernel; nothing when it ended as it should. */
function endFindings(
  exit: QemuExit,
  judge: SerialJudge,
  profile: ArchitectureProfile,
  timeoutMs: number,
): Finding[] {
  if (judge.panic !== undefined) return [error(`The kernel panicked: ${judge.panic}`)];
  const last = judge.lines.findLast((line) => line.trim() !== '');
  const after = last === undefined ? 'without a word' : `after "${last.slice(0, 120)}"`;
  if (exit.end === 'timeout') {
    return judge.complete
      ? [
          error(
            `The kernel printed every line but did not leave QEMU within ${timeoutMs / 1000} s (\`exit\` on its command line), last ${after}.`,
          ),
        ]
      : [error(`The kernel hung: no end within ${timeoutMs / 1000} s, ${after}.`)];
  }
  if (exit.end === 'flooded')
    return [error(`The kernel printed more than ${MAX_SERIAL_BYTES >> 20} MB and was stopped.`)];
  // Where the machine cannot leave a status, only the kernel's last word tells a good end from a reset.
  const endedWell = profile.exit.failed !== undefined || judge.selfTestsDone;
  if (exit.code === profile.exit.passed && endedWell && (exit.stderr === '' || judge.lines.length > 0))
    return [];
  if (exit.code === profile.exit.failed) {
    return judge.failedSelfTests.size > 0
      ? []
      : [error('The kernel ended with a failure status, though no self-test said that it failed.')];
  }
  if (exit.code === 0)
    return [
      error(
        `The machine reset or switched itself off ${after}: a triple fault, or a kernel that does not heed \`exit\`.`,
      ),
    ];
  return [error(`QEMU ended early with ${exit.code ?? 'a signal'}${exit.stderr ? `: ${exit.stderr}` : ''}.`)];
}

function selfTestFindings(judge: SerialJudge): Finding[] {
  return [...judge.failedSelfTests].map(([name, reason]) => error(`[TEST] ${name}: FAIL - ${reason}`));
}

function summarise(tests: TestResult[], findings: Finding[], boots: number): string {
  const failed = tests.filter((test) => !test.passed);
  const first = findings.find(({ severity }) => severity === 'error');
  const count = `${tests.length} test${tests.length === 1 ? '' : 's'}`;
  if (failed.length === 0 && first === undefined) {
    if (tests.length === 0) return 'It boots to its end; no acceptance test is about this part alone.';
    return `${count} passed in ${boots} boot${boots === 1 ? '' : 's'}.`;
  }
  const why = first?.message ?? failed[0]?.detail ?? '';
  if (failed.length === 0) return `The boot failed: ${why}`;
  const names = failed.map(({ name }) => name);
  const listed = names.length > 5 ? `${names.slice(0, 5).join(', ')}, ...` : names.join(', ');
  return `${failed.length} of ${count} failed (${listed}): ${why}`;
}

function error(message: string): Finding {
  return { severity: 'error', message };
}
