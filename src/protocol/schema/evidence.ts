import { z } from 'zod';
import { EVIDENCE_KINDS } from '../evidence.ts';
import { ARCHITECTURES } from '../roles.ts';

/** A compiler, validator or reviewer remark tied to a place. `file` is relative to the workspace. */
export const findingSchema = z.object({
  severity: z.enum(['error', 'warning', 'note']),
  message: z.string(),
  file: z.string().optional(),
  line: z.number().int().optional(),
  column: z.number().int().optional(),
});

/** One acceptance test's outcome; `missing` are the patterns that were not seen on the serial port. */
export const testResultSchema = z.object({
  name: z.string(),
  subsystem: z.string(),
  passed: z.boolean(),
  missing: z.array(z.string()).default([]),
  detail: z.string().optional(),
});

/** A file kept beside the event log; `path` is relative to the run's folder. */
export const evidenceFileSchema = z.object({
  role: z.enum(['build-log', 'serial-log', 'kernel', 'diff', 'output']),
  path: z.string(),
  sha256: z.string(),
  bytes: z.number().int(),
});

/**
 * What a validator really did and saw: the only thing that moves a task towards `main`.
 * `tree` is the sha of the git tree that was judged.
 */
export const evidenceSchema = z.object({
  id: z.string(),
  kind: z.enum(EVIDENCE_KINDS),
  passed: z.boolean(),
  summary: z.string(),
  tree: z.string().optional(),
  command: z.array(z.string()).optional(),
  exitCode: z.number().int().nullable().optional(),
  startedAt: z.string(),
  durationMs: z.number(),
  findings: z.array(findingSchema).default([]),
  tests: z.array(testResultSchema).default([]),
  files: z.array(evidenceFileSchema).default([]),
  /** The end of the serial log or build output, for people and for the agent's next attempt. */
  tail: z.string().optional(),
  /** Composition only: the smallest set of subsystems that fails together. */
  culprits: z.array(z.string()).optional(),
  /** Boot only: milliseconds from QEMU's start to the last line that a test needed. */
  bootMs: z.number().optional(),
});

/** One acceptance test of `kernel_spec/tests/acceptance.toml`. */
export const acceptanceTestSchema = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9_]*$/),
  subsystem: z.string(),
  /** JavaScript regular expressions; each must match one whole serial line or a part of it. */
  patterns: z.array(z.string()).min(1),
  /** Lines that make the test fail if they are seen. */
  forbidden: z.array(z.string()).default([]),
  arch: z.array(z.enum(ARCHITECTURES)).default([...ARCHITECTURES]),
  /** How the machine is started. */
  boot: z.enum(['kernel', 'iso']).default('kernel'),
  /** Subsystems that must be in the kernel for the test to make sense. */
  needs: z.array(z.string()).default([]),
  /** Kernel command line this test needs, merged with that of the others booted together. */
  cmdline: z.string().default(''),
  /** Extra QEMU devices, by name from the architecture's profile ("user-net"). */
  devices: z.array(z.string()).default([]),
  timeoutSeconds: z.number().positive().default(20),
});
