import type { Evidence, TestResult } from './evidence.ts';
import type { Architecture } from './roles.ts';

/** A line of `auton validate --events`. */
export type ValidateEvent =
  | { type: 'output'; from: 'build' | 'serial'; text: string }
  | { type: 'test'; result: TestResult }
  | { type: 'evidence'; evidence: Evidence };

/** What `auton validate --list --json` prints. */
export interface TestList {
  /** Where the tests are written down. */
  file: string;
  /** The kernel that they would judge. */
  source: string;
  architectures: ArchitectureTests[];
}

export interface ArchitectureTests {
  name: Architecture;
  /** Why nothing of it can be run here; null when it can. */
  reason: string | null;
  tests: ListedTest[];
}

export interface ListedTest {
  name: string;
  subsystem: string;
  patterns: string[];
  /** In the file, from 1. */
  line: number;
  boot: 'kernel' | 'iso';
  /** Of the kernel, to run this test alone. */
  cmdline: string;
  /** Why this kernel cannot be asked; null when it can. */
  reason: string | null;
}
