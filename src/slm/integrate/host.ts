import type { KernelChat } from '../../kernel/interactive.ts';

/** What an integration needs of who asked for it: builds and boots as they are judged everywhere else. */
export interface IntegrationHost {
  /** Builds the tree as it is now, in the sandbox; where the kernel is, or why there is none. */
  build(): Promise<{ kernel: string } | { problem: string }>;
  /** Boots a kernel to its prompt; rejects with a UserError when it does not come there. */
  boot(kernel: string, how?: HowToBoot): Promise<KernelChat>;
  /** Runs the acceptance tests of everything the tree has. */
  regression(kernel: string): Promise<{ passed: number; failed: string[]; summary: string }>;
  /** Commits these paths of the tree; the commit, or null where there is nothing to commit to. */
  commit(paths: readonly string[], message: string): Promise<string | null>;
  /** Memory of the machine that boots. */
  memoryMb: number;
  /** A line for a person. */
  say(line: string): void;
}

export interface HowToBoot {
  cmdline?: string;
  /** Its clock counts instructions: what it measures does not depend on what else this machine does. */
  counted?: boolean;
}
