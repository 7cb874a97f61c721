import type { AcceptanceTest } from '../protocol/evidence.ts';

/** Tests that are judged on the same boot. */
export interface BootGroup {
  boot: AcceptanceTest['boot'];
  tests: AcceptanceTest[];
  /** `test=<subsystems> exit` and what the tests ask for. */
  cmdline: string;
  devices: string[];
  timeoutMs: number;
}

/**
 * As few boots as the tests allow: those that start the machine in the same way share one, unless their command lines
 * want different values of the same word.
 */
export function groupTests(tests: readonly AcceptanceTest[]): BootGroup[] {
  const groups: { boot: AcceptanceTest['boot']; words: Map<string, string>; tests: AcceptanceTest[] }[] = [];
  for (const test of tests) {
    const words = parseWords(test.cmdline);
    let group = groups.find((other) => other.boot === test.boot && agree(other.words, words));
    if (!group) groups.push((group = { boot: test.boot, words: new Map(), tests: [] }));
    for (const [key, word] of words) group.words.set(key, word);
    group.tests.push(test);
  }
  return groups.map(({ boot, words, tests: members }) => ({
    boot,
    tests: members,
    cmdline: [
      `test=${unique(members.map((test) => test.subsystem)).join(',')}`,
      ...words.values(),
      'exit',
    ].join(' '),
    devices: unique(members.flatMap((test) => test.devices)),
    timeoutMs: Math.max(...members.map((test) => test.timeoutSeconds)) * 1000,
  }));
}

/** "slm=rules quiet" by key; `test` and `exit` are the group's. */
function parseWords(cmdline: string): Map<string, string> {
  const words = cmdline
    .split(/\s+/)
    .filter((word) => word !== '' && word !== 'exit' && !word.startsWith('test='));
  return new Map(words.map((word) => [word.split('=', 1)[0] ?? word, word]));
}

function agree(a: Map<string, string>, b: Map<string, string>): boolean {
  return [...b].every(([key, word]) => !a.has(key) || a.get(key) === word);
}

function unique(names: string[]): string[] {
  return [...new Set(names)].toSorted();
}
