import {
  existsSync,
  closeSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, join, relative } from 'node:path';
import { assets } from '../config/assets.ts';
import { PROFILES } from '../kernel/architectures.ts';
import type { ArchitectureProfile } from '../kernel/architectures.ts';
import { buildTools, makeArgv } from '../kernel/make.ts';
import { requireProgram } from '../kernel/toolchain.ts';
import { hasCode } from '../protocol/errors.ts';
import type { Evidence, Finding } from '../protocol/evidence.ts';
import type { Architecture } from '../protocol/roles.ts';
import type { BuildTarget } from '../protocol/task.ts';
import type { Sandbox } from '../tools/sandbox.ts';
import { makeCompilerFolder } from './compiler-wrapper.ts';
import { parseBuildLog } from './diagnostics.ts';
import { adoptObjects, sharedObjects } from './objects.ts';
import { EvidenceRecord, lastLines } from './record.ts';
import type { ValidationContext } from './record.ts';

export interface BuildOptions extends ValidationContext {
  /** The folder with the Makefile. The build cannot write to it. */
  workspace: string;
  architecture: Architecture;
  target: BuildTarget;
  subsystems?: readonly string[] | undefined;
  sandbox: Sandbox;
  /** As in `[kernel]` of auton.toml. */
  tools: { cc: string; as: string; ld: string };
  timeoutMs: number;
  jobs?: number | undefined;
  /**
   * Folder for the objects that are compiled here: `sharedObjects(runFolder)`, from which every later build of the run
   * takes, or one to `adoptObjects` from once the tree was reviewed, for a Makefile could plant objects.
   */
  keepObjects?: string | undefined;
  /** Compile everything, whatever earlier builds left. */
  fresh?: boolean | undefined;
  /** With source lines for debuggers and call chains; the code is the same. */
  debugInfo?: boolean | undefined;
  /** What make and the compilers say, as they say it. */
  onOutput?: ((text: string) => void) | undefined;
}

const LOG = 'build.log';
const KERNEL = 'kernel.elf';
const TAIL_LINES = 40;
const SYSTEM_PATH = '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin';

/**
 * Builds a workspace from nothing, in the sandbox, with every warning an error. A kernel that comes out of it lies in
 * the evidence's folder (`kernelOf`). Throws only for a tool that is missing and for the signal.
 */
export async function validateBuild(options: BuildOptions): Promise<Evidence> {
  const { workspace, architecture, target, runFolder } = options;
  const env = options.env ?? process.env;
  const profile = PROFILES[architecture];
  const tools = buildTools(architecture, options.tools);
  for (const tool of ['make', tools.cc, tools.ld, tools.as])
    if (tool !== undefined) requireProgram(tool, env);
  const record = new EvidenceRecord('build', options);
  const out = record.path('out');
  mkdirSync(out);
  const compilers = makeCompilerFolder(runFolder, tools.cc, env, { debugInfo: options.debugInfo ?? false });
  const objects = sharedObjects(runFolder);
  const newObjects = join(out, '.new-objects');
  mkdirSync(objects, { recursive: true });
  mkdirSync(newObjects);
  const command = makeArgv({
    ...{ architecture, target, out: nameForMake(out, workspace), ...options.tools },
    // By its name it is found as the wrapper, by a path it would not be.
    cc: basename(tools.cc),
    ...(options.subsystems ? { subsystems: options.subsystems } : {}),
    ...(options.jobs ? { jobs: options.jobs } : {}),
  });

  const { shippedModels } = assets();
  const models = existsSync(shippedModels) ? shippedModels : undefined;
  const result = await options.sandbox.run({
    argv: ['env', `PATH=${compilers}:${SYSTEM_PATH}`, ...command],
    cwd: workspace,
    writable: [out],
    readable: [workspace, compilers, objects, ...(models ? [models] : [])],
    env: {
      ...(models ? { AUTON_SLM_MODELS: models } : {}),
      ...(options.fresh ? {} : { AUTON_OBJECTS: objects }),
      ...(options.keepObjects && !options.fresh ? { AUTON_NEW_OBJECTS: newObjects } : {}),
    },
    timeoutMs: options.timeoutMs,
    outputFile: record.path(LOG),
    ...(options.signal ? { signal: options.signal } : {}),
    ...(options.onOutput ? { onOutput: options.onOutput } : {}),
  });
  const log = readLog(record.path(LOG), result.output);
  const findings = parseBuildLog(log, workspace);
  for (const message of result.notes ?? []) findings.push({ severity: 'error', message });
  if (result.timedOut) {
    findings.push({
      severity: 'error',
      message: `The build took longer than ${options.timeoutMs / 1000} s and was ended.`,
    });
  } else if (result.exitCode !== 0 && !findings.some(({ severity }) => severity === 'error')) {
    findings.push({ severity: 'error', message: `make ended with ${result.exitCode ?? 'a signal'}.` });
  }
  const made = findings.some(isFailure) ? [] : collect(out, target, profile, findings);
  if (options.keepObjects && !findings.some(isFailure)) adoptObjects(newObjects, options.keepObjects);
  for (const name of made) renameSync(join(out, name), record.path(name));
  rmSync(out, { recursive: true, force: true });

  const passed = !findings.some(isFailure);
  return record.finish({
    passed,
    summary: passed ? summaryOf(options) : failureSummary(findings),
    command,
    exitCode: result.exitCode,
    findings,
    files: [record.file('build-log', LOG), ...made.map((name) => record.file('kernel', name))],
    ...(passed ? {} : { tail: lastLines(log.trimEnd().split('\n'), TAIL_LINES) }),
  });
}

/** make splits names at spaces and knows no quotes; a relative name has nothing of where the user's folder lies. */
function nameForMake(out: string, workspace: string): string {
  return /[\s:;#$%&|<>()*?[\]\\'"`~]/.test(out) ? relative(workspace, out) : out;
}

/** Warnings count: an accepted kernel has none. */
function isFailure(finding: Finding): boolean {
  return finding.severity !== 'note';
}

/** Checks that the build really made what it should have; what is wrong becomes a finding. Returns what to keep. */
function collect(
  out: string,
  target: BuildTarget,
  profile: ArchitectureProfile,
  findings: Finding[],
): string[] {
  if (target === 'headers') return [];
  if (target === 'compile') {
    const made = readdirSync(out, { recursive: true, encoding: 'utf8' });
    if (made.some((name) => name.endsWith('.o'))) return [];
    findings.push({
      severity: 'error',
      message: 'make compile succeeded without compiling anything.',
      file: 'Makefile',
    });
    return [];
  }
  const problem = elfProblem(join(out, KERNEL), profile);
  if (problem === undefined) return [KERNEL];
  findings.push({ severity: 'error', message: `make succeeded, but ${problem}.`, file: 'Makefile' });
  return [];
}

/** Why a file is no kernel for this machine; undefined when it looks like one. */
export function elfProblem(file: string, profile: ArchitectureProfile): string | undefined {
  const name = basename(file);
  const header = Buffer.alloc(20);
  try {
    if (!lstatSync(file).isFile()) return `${name} is not a regular file`;
    const fd = openSync(file, 'r');
    try {
      readSync(fd, header);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return `there is no ${name}`;
    throw error;
  }
  if (header.readUInt32BE(0) !== 0x7f454c46) return `${name} is not an ELF file`;
  const machine = header.readUInt16LE(18);
  if (machine === profile.elfMachine) return undefined;
  return `${name} is for another machine (ELF machine ${machine}, ${profile.name} is ${profile.elfMachine})`;
}

function readLog(file: string, output: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
    writeFileSync(file, output); // The command never started or printed nothing.
    return output;
  }
}

function summaryOf({ architecture, target, subsystems, tools }: BuildOptions): string {
  const what = { kernel: 'The kernel', compile: 'Everything', headers: 'Every header' }[target];
  const verb = target === 'kernel' ? 'builds' : 'compiles';
  const by = basename(tools.cc) === PROFILES[architecture].gcc ? '' : ` with ${basename(tools.cc)}`;
  return `${what} ${verb} for ${architecture}${by} without a warning${subsystems ? ` (${subsystems.join(', ')})` : ''}.`;
}

function failureSummary(findings: Finding[]): string {
  const failures = findings.filter(isFailure);
  const first = failures[0];
  const place = first?.file ? `${first.file}${first.line ? `:${first.line}` : ''}: ` : '';
  const more = failures.length > 1 ? ` (and ${failures.length - 1} more)` : '';
  return `The build failed: ${place}${first?.message ?? 'unknown'}${more}`;
}
