import type { Evidence, Finding } from '../protocol/evidence.ts';
import type { AcceptanceTest } from '../protocol/evidence.ts';
import { selectTests, readSubsystems } from './acceptance.ts';
import { validateBoot } from './boot.ts';
import type { BootOptions } from './boot.ts';
import { validateBuild } from './build.ts';
import type { BuildOptions } from './build.ts';
import { closure, narrow } from './ddmin.ts';
import type { ProbeOutcome } from './ddmin.ts';
import { EvidenceRecord, kernelOf } from './record.ts';

export interface CompositionOptions
  extends
    Omit<BuildOptions, 'target' | 'subsystems' | 'timeoutMs'>,
    Omit<BootOptions, 'kernel' | 'tests' | 'timeoutMs'> {
  /** Every acceptance test there is; each probe runs those that fit what is in it. */
  tests: readonly AcceptanceTest[];
  buildTimeoutMs: number;
  bootTimeoutMs: number;
  /** Evidence that everything together fails (or passes), when that is known already. */
  together?: Evidence | undefined;
  /** Boot times of earlier kernels of this run, oldest first. */
  earlierBootMs?: readonly number[] | undefined;
  maxProbes?: number | undefined;
  timeoutMs?: number | undefined;
  /** Each probe's build and boot as they end. */
  onProbe?: ((subsystems: string[], outcome: ProbeOutcome) => void) | undefined;
}

/**
 * Judges all subsystems together. When they fail, narrows them to the smallest set that does, by building and booting
 * kernels with only some of them: the culprits are what fails together though each part of it passes.
 */
export async function validateComposition(options: CompositionOptions): Promise<Evidence> {
  const record = new EvidenceRecord('composition', options);
  const requires = readSubsystems(options.workspace);
  const parts = [...requires.keys()].filter((name) => name !== 'boot');
  const evidence = options.together ?? (await probeAll(options, parts));
  const slower = bootRegression(evidence.bootMs, options.earlierBootMs ?? []);
  if (evidence.passed) {
    return record.finish({
      passed: true,
      summary: `${parts.length === 0 ? 'The only subsystem works.' : `${parts.length + 1} subsystems work together.`}${slower ? ` ${slower.message}` : ''}`,
      findings: slower ? [slower] : [],
      tests: evidence.tests,
      ...(evidence.bootMs === undefined ? {} : { bootMs: evidence.bootMs }),
    });
  }
  const probe = async (subsystems: string[]): Promise<ProbeOutcome> => {
    const found = await probeAll(options, subsystems);
    // A smaller kernel that does not build says nothing about why the whole one fails at run time.
    const outcome = found.passed ? 'passed' : found.kind === evidence.kind ? 'failed' : 'unresolved';
    options.onProbe?.(subsystems, outcome);
    return outcome;
  };
  if (options.together && (await probe(parts)) !== 'failed') {
    return record.finish({
      passed: false,
      summary: `What failed together does not fail again by QEMU -kernel: it fails now and then, or from boot media only. ${evidence.summary}`,
      ...{ findings: evidence.findings, tests: evidence.tests, culprits: [] },
    });
  }
  const deadline = performance.now() + (options.timeoutMs ?? 300_000);
  const bare = await probe([]);
  const { culprits, probes, complete } =
    bare === 'failed'
      ? { culprits: ['boot'], probes: 0, complete: true }
      : await narrow({ subsystems: parts, requires, probe, maxProbes: options.maxProbes ?? 40, deadline });
  return record.finish({
    passed: false,
    summary: describe(culprits, complete, closure(culprits, requires), evidence),
    findings: [
      ...evidence.findings,
      {
        severity: 'note',
        message: `Found by ${probes + 1} kernels with some of the ${parts.length + 1} subsystems.`,
      },
    ],
    tests: evidence.tests,
    culprits,
    ...(evidence.tail === undefined ? {} : { tail: evidence.tail }),
  });
}

/** Builds and boots a kernel with these subsystems; the evidence of the step that failed, else of the boot. */
async function probeAll(options: CompositionOptions, subsystems: string[]): Promise<Evidence> {
  const built = await validateBuild({
    ...options,
    target: 'kernel',
    subsystems: ['boot', ...subsystems],
    timeoutMs: options.buildTimeoutMs,
  });
  const kernel = kernelOf(built, options.runFolder);
  if (!built.passed || kernel === undefined) return built;
  const tests = selectTests(options.tests, {
    architecture: options.architecture,
    subsystems: ['boot', ...subsystems],
  });
  return validateBoot({
    ...options,
    kernel,
    timeoutMs: options.bootTimeoutMs,
    tests: tests.filter((test) => test.boot === 'kernel'),
  });
}

/** Times below this differ by chance. */
const NOTICEABLE_MS = 100;
const FACTOR = 1.5;

/** A warning when a boot took much longer than the earlier ones usually did. */
export function bootRegression(bootMs: number | undefined, earlier: readonly number[]): Finding | undefined {
  const sorted = [...earlier].sort((a, b) => a - b);
  const usual = sorted[Math.floor(sorted.length / 2)];
  if (bootMs === undefined || usual === undefined) return undefined;
  if (bootMs < usual * FACTOR || bootMs - usual < NOTICEABLE_MS) return undefined;
  return {
    severity: 'warning',
    message: `The boot grew slower: ${Math.round(bootMs)} ms, before ${Math.round(usual)} ms.`,
  };
}

function describe(culprits: string[], complete: boolean, closed: string[], evidence: Evidence): string {
  const names = culprits.join(' + ');
  const required = closed.filter((name) => !culprits.includes(name));
  const withThem =
    required.length > 0
      ? ` (with ${required.join(', ')}, which ${culprits.length > 1 ? 'they require' : 'it requires'})`
      : '';
  const how = culprits.length > 1 ? 'fail together, though they pass alone' : 'fails by itself';
  const doubt = complete ? '' : ' The search ended early; a smaller set may fail too.';
  return `${names}${withThem} ${how}. ${evidence.summary}${doubt}`;
}
