import { z } from 'zod';
import { ARCHITECTURES } from '../../protocol/roles.ts';

/** One thing that was looked at; what comes behind a failed one is not looked at. */
export const checkSchema = z.strictObject({
  name: z.enum([
    'model_file',
    'manifest',
    'fits_memory',
    'build',
    'symbols',
    'size',
    'boot',
    'load',
    'answers',
    'boot_time',
    'regression',
  ]),
  passed: z.boolean(),
  /** What was seen, for people. */
  detail: z.string(),
});

export const answerSchema = z.strictObject({
  prompt: z.string(),
  answer: z.string(),
  ms: z.number(),
  /** More than ten characters of words. */
  coherent: z.boolean(),
  /** Whether it says what it must say; null for a prompt that nobody knows the answer to. */
  accurate: z.boolean().nullable(),
});

export const attemptSchema = z.strictObject({
  /** Path of the file. */
  model: z.string(),
  name: z.string().nullable(),
  bytes: z.number().nullable(),
  sha256: z.string().nullable(),
  passed: z.boolean(),
  checks: z.array(checkSchema),
  answers: z.array(answerSchema),
  measured: z.strictObject({
    kernelBytes: z.number().optional(),
    kernelBytesBefore: z.number().optional(),
    /** Of the model, by the kernel's own clock. */
    loadMs: z.number().optional(),
    /** Medians by the kernel's clock, which counts instructions here, without the loading of the model. */
    bootMs: z.number().optional(),
    bootMsBefore: z.number().optional(),
    boots: z.number().optional(),
    /** Memory that the kernel gave its SLM. */
    poolKb: z.number().optional(),
    ramMb: z.number().optional(),
  }),
});

/** `integration_test_report.json`. */
export const reportSchema = z.strictObject({
  version: z.literal(1),
  architecture: z.enum(ARCHITECTURES),
  time: z.iso.datetime(),
  /** `integrated`: the model that was asked for; `fallback`: another of the ladder; `rules`: none, the tree is as it was. */
  outcome: z.enum(['integrated', 'fallback', 'rules']),
  /** The model that is in the tree now, if one of these is. */
  model: z.string().nullable(),
  attempts: z.array(attemptSchema),
  /** What the rule engine answered, where no model passed. */
  rules: z.array(answerSchema),
});

export type Check = z.infer<typeof checkSchema>;
export type CheckName = Check['name'];
export type Answer = z.infer<typeof answerSchema>;
export type Attempt = z.infer<typeof attemptSchema>;
export type IntegrationReport = z.infer<typeof reportSchema>;

export const REPORT_FILE = 'integration_test_report.json';

/** Why an attempt failed; null when it passed. */
export function failureOf({ checks }: Attempt): string | null {
  return checks.find(({ passed }) => !passed)?.detail ?? null;
}
