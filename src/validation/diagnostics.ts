import { relative, isAbsolute } from 'node:path';
import type { Finding } from '../protocol/evidence.ts';

/** gcc, clang, nasm and compilers' own `-x c -`: file:line:column: severity: message. */
const COMPILER =
  /^(?<file>[^\s:][^:\n]*):(?<line>\d+):(?:(?<column>\d+):)? (?<severity>fatal error|error|warning|note): (?<message>.+)$/;
/** ld with line information, with the object only, and lld. */
const LINKER_AT =
  /^(?:\S*ld(?:\.\w+)?: )?(?:[^\s:]+\.o:)?(?<file>[^\s:]+\.\w+):(?:(?<line>\d+):(?:\([^)]*\):)? |\([^)]*\): )(?<message>(?:undefined|multiple|first) .+)$/;
const LINKER_SCRIPT = /^\S*\bld(?:\.\w+)?:(?<file>[^\s:]+):(?<line>\d+): (?<message>.+)$/;
const LINKER = /^\S*\bld(?:\.\w+)?: (?:(?<severity>error|warning): )?(?<message>.+)$/;
const LLD_PLACE = /^>>> (?:referenced|defined) (?:by|at) (?<file>[^\s:]+):(?<line>\d+)/;
const MAKE_AT = /^make(?:\[\d+\])?: \*\*\* \[(?<file>[^\s:\]]+):(?<line>\d+): (?<message>.+)$/;
const MAKEFILE = /^(?<file>[^\s:]+):(?<line>\d+): \*\*\* (?<message>.+)$/;
const MAKE = /^make(?:\[\d+\])?: \*\*\* (?<message>.+)$/;
const COMPILER_FATAL =
  /^(?:\S*\/)?(?:gcc|clang|cc1|nasm|\S+-gcc): (?<severity>fatal error|fatal|error|warning): (?<message>.+)$/;

/** At most so many findings: the first ones are the causes, and all of them are in the log. */
const LIMIT = 50;

/** The places a build log complains about, files relative to the workspace. */
export function parseBuildLog(log: string, workspace: string): Finding[] {
  const findings: Finding[] = [];
  for (const line of log.split('\n')) {
    const place = LLD_PLACE.exec(line)?.groups;
    const last = findings.at(-1);
    if (place && last && last.file === undefined) Object.assign(last, at(place, workspace));
    const finding = parseLine(line, workspace);
    if (finding && findings.length < LIMIT) findings.push(finding);
  }
  // make's own "Error 1" says nothing when a tool has said what is wrong.
  const telling = findings.filter((finding) => !/\bError \d+$/.test(finding.message));
  return telling.some(({ severity }) => severity !== 'note') ? telling : findings;
}

function parseLine(line: string, workspace: string): Finding | undefined {
  for (const pattern of [
    COMPILER,
    COMPILER_FATAL,
    LINKER_AT,
    LINKER_SCRIPT,
    LINKER,
    MAKE_AT,
    MAKEFILE,
    MAKE,
  ]) {
    const groups = pattern.exec(line)?.groups;
    if (!groups) continue;
    const { severity = 'error', message = line } = groups;
    if (/^Waiting for unfinished jobs/.test(message)) return undefined;
    if (/^\S+\.o: in function/.test(message)) return undefined; // Introduces the line that says what is wrong.
    if (/^warnings being treated as errors|^all warnings being treated/.test(message)) return undefined;
    const level = severity === 'warning' || severity === 'note' ? severity : 'error';
    return { severity: level, message, ...at(groups, workspace) };
  }
  return undefined;
}

function at(groups: Record<string, string | undefined>, workspace: string): Partial<Finding> {
  const { file, line, column } = groups;
  if (file === undefined) return {};
  const own = isAbsolute(file) ? relative(workspace, file) : file.replace(/^\.\//, '');
  return {
    file: own.startsWith('..') ? file : own,
    ...(line === undefined ? {} : { line: Number(line) }),
    ...(column === undefined ? {} : { column: Number(column) }),
  };
}
