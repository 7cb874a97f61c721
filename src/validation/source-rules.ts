import { basename } from 'node:path';
import type { Change } from '../protocol/change.ts';
import type { Finding } from '../protocol/evidence.ts';

/** Headers of a hosted C library or an operating system; a kernel has neither. */
const HOSTED_HEADERS = new Set(
  (
    'aio assert complex ctype dirent dlfcn errno fcntl fenv fnmatch ftw glob grp inttypes langinfo locale malloc math ' +
    'memory mman netdb poll pthread pwd regex sched semaphore setjmp signal spawn stdio stdlib string strings syslog ' +
    'termios tgmath threads time uchar ulimit unistd utime wchar wctype windows'
  )
    .split(' ')
    .map((name) => `${name}.h`),
);
const HOSTED_FOLDERS = /^(?:sys|arpa|net|netinet|linux|asm|asm-generic|bits|gnu|c\+\+|mach)\//;
const SOURCE = /\.(?:c|h|S|s|inc|def)$/;
const INCLUDE = /^\s*#\s*(?:include|include_next|import)\s*<([^>]+)>/;

/** Includes of headers that a freestanding kernel cannot have, unless the change brings a header of that name. */
export function hostedHeaders(change: Change, ownHeaders: ReadonlySet<string>): Finding[] {
  if (!SOURCE.test(change.path)) return [];
  return change.addedLines.flatMap(({ line, text }) => {
    const header = INCLUDE.exec(text)?.[1]?.trim();
    if (header === undefined || !(HOSTED_HEADERS.has(header) || HOSTED_FOLDERS.test(header))) return [];
    if ([...ownHeaders].some((own) => own.endsWith(`include/${header}`))) return [];
    return [
      problem(
        change,
        line,
        `<${header}> belongs to a hosted C library. A kernel includes its own headers and the compiler's freestanding ones only.`,
      ),
    ];
  });
}

interface Rule {
  where: (path: string) => boolean;
  pattern: RegExp;
  message: string;
}

const isBuildFile = (path: string) => /(?:^|\/)(?:GNUm|m|M)akefile$|\.mk$|\.sh$/.test(path);
const isSource = (path: string) => SOURCE.test(path);

/** Ways to get a warning or a test out of the way instead of its cause. */
const RULES: Rule[] = [
  {
    where: isBuildFile,
    pattern: /(?:^|[\s='",])(?:-w|-Wno-[\w=-]+|-Wp,-w|--no-warnings|-Xassembler --no-warn)(?=$|[\s'",])/,
    message: 'switches warnings off; correct what they are about.',
  },
  {
    where: isBuildFile,
    pattern: /(?:^|[\s='"])-w-(?!reloc)\S+/,
    message: "switches the assembler's warnings off; correct what they are about.",
  },
  {
    where: isBuildFile,
    pattern: /(?:^|[\s=@(])\/\S*\/(?:\S+-)?(?:gcc|cc|clang|nasm|ld|ld\.lld|as)(?=$|[\s)])/,
    message: 'names a compiler by its path; use $(CC), $(LD) and $(NASM).',
  },
  {
    where: isBuildFile,
    pattern:
      /^\s*(?:override\s+(?:CC|LD|NASM|CFLAGS|O)\b|(?:export\s+)?(?:PATH|SHELL|\.SHELLFLAGS)\s*[:?+]?=)/,
    message: 'takes over how the build is called.',
  },
  {
    where: isSource,
    // What a _Pragma does can be put together by macros: only what is plainly harmless passes.
    pattern:
      /#\s*pragma\s+(?:GCC|clang)\s+(?:diagnostic\s+(?:ignored|warning)|system_header)|\b_Pragma\s*\((?!"GCC unroll \d+"\))/,
    message: 'switches warnings off; correct what they are about.',
  },
];

/** Lines that lower the bar of the build. */
export function weakenedChecks(change: Change): Finding[] {
  const rules = RULES.filter(({ where }) => where(change.path));
  return change.addedLines.flatMap(({ line, text }) => {
    const rule = rules.find(({ pattern }) => pattern.test(withoutMakeComment(change.path, text)));
    return rule ? [problem(change, line, `"${text.trim().slice(0, 80)}" ${rule.message}`)] : [];
  });
}

function withoutMakeComment(path: string, text: string): string {
  return isBuildFile(basename(path)) ? text.replace(/(^|\s)#.*$/, '') : text;
}

function problem(change: Change, line: number, message: string): Finding {
  return { severity: 'error', message, file: change.path, line };
}
