import type { z } from 'zod';
import type {
  acceptanceTestSchema,
  evidenceFileSchema,
  evidenceSchema,
  findingSchema,
  testResultSchema,
} from './schema/evidence.ts';

export const EVIDENCE_KINDS = ['diff', 'build', 'boot', 'composition', 'inference'] as const;

export type Finding = z.infer<typeof findingSchema>;
export type TestResult = z.infer<typeof testResultSchema>;
export type EvidenceFile = z.infer<typeof evidenceFileSchema>;
export type Evidence = z.infer<typeof evidenceSchema>;
export type AcceptanceTest = z.infer<typeof acceptanceTestSchema>;
