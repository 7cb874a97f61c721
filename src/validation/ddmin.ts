/** What a probe of some subsystems found; `unresolved`: it could not be told (it does not build). */
export type ProbeOutcome = 'passed' | 'failed' | 'unresolved';

export interface Narrowing {
  /** The smallest failing set that was found; what it requires is understood. */
  culprits: string[];
  probes: number;
  /** False when the search ran out of probes or time: a smaller set may exist. */
  complete: boolean;
}

export interface NarrowOptions {
  /** A set that fails as a whole. */
  subsystems: readonly string[];
  requires: ReadonlyMap<string, readonly string[]>;
  /** Probes a closed set. Called once per set. */
  probe: (closed: string[]) => Promise<ProbeOutcome>;
  maxProbes: number;
  /** `performance.now()` after which no further probe starts. */
  deadline: number;
}

/** Delta debugging (Zeller's ddmin) over sets that are closed under what each member requires. */
export async function narrow(options: NarrowOptions): Promise<Narrowing> {
  const { requires } = options;
  const known = new Map<string, ProbeOutcome>();
  let exhausted = false;
  const fails = async (set: readonly string[]): Promise<boolean> => {
    const closed = closure(set, requires);
    const key = closed.join(' ');
    let outcome = known.get(key);
    if (outcome === undefined) {
      if (known.size >= options.maxProbes || performance.now() > options.deadline) {
        exhausted = true;
        return false;
      }
      outcome = await options.probe(closed);
      known.set(key, outcome);
    }
    return outcome === 'failed';
  };

  let culprits = tops(options.subsystems, requires);
  for (let parts = 2; culprits.length >= 2 && !exhausted;) {
    const chunks = split(culprits, parts);
    const smaller =
      (await firstFailing(chunks, fails)) ??
      (parts > 2
        ? await firstFailing(
            chunks.map((chunk) => culprits.filter((name) => !chunk.includes(name))),
            fails,
          )
        : undefined);
    if (smaller) {
      parts = chunks.includes(smaller) ? 2 : Math.max(2, parts - 1);
      culprits = smaller;
    } else if (parts < culprits.length) parts = Math.min(culprits.length, parts * 2);
    else break;
  }
  // A culprit may fail only because of something it requires: then that is the smaller set.
  for (let again = true; again && !exhausted;) {
    again = false;
    for (const name of culprits) {
      const others = culprits.filter((other) => other !== name);
      const lower = tops([...others, ...(requires.get(name) ?? [])], requires);
      if (lower.length === 0 || !(await fails(lower))) continue;
      culprits = lower;
      again = true;
      break;
    }
  }
  return { culprits: culprits.toSorted(), probes: known.size, complete: !exhausted };
}

/** A set with everything its members require, sorted. */
export function closure(set: Iterable<string>, requires: ReadonlyMap<string, readonly string[]>): string[] {
  const closed = new Set<string>();
  const open = [...set];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (closed.has(name)) continue;
    closed.add(name);
    open.push(...(requires.get(name) ?? []));
  }
  return [...closed].toSorted();
}

/** The members that no other member requires: the same closure, said shortest. */
function tops(set: readonly string[], requires: ReadonlyMap<string, readonly string[]>): string[] {
  const names = [...new Set(set)].toSorted();
  return names.filter(
    (name) => !names.some((other) => other !== name && closure([other], requires).includes(name)),
  );
}

async function firstFailing(
  sets: string[][],
  fails: (set: string[]) => Promise<boolean>,
): Promise<string[] | undefined> {
  for (const set of sets) if (set.length > 0 && (await fails(set))) return set;
  return undefined;
}

function split(names: readonly string[], parts: number): string[][] {
  const size = names.length / parts;
  return Array.from({ length: parts }, (_, i) =>
    names.slice(Math.round(i * size), Math.round((i + 1) * size)),
  );
}
