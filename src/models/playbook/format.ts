import { z } from 'zod';
import { modelSizeSchema } from '../../protocol/config.ts';
import { ARCHITECTURES, WORKFLOW_MODES } from '../../protocol/roles.ts';
import { roleSchema } from '../../protocol/schema/roles.ts';

/** A planted difference from a source file; `find` must occur exactly once. */
const replacementSchema = z.strictObject({ find: z.string().min(1), with: z.string() });

const callSchema = z
  .strictObject({
    tool: z.string().min(1),
    input: z.record(z.string(), z.unknown()).default({}),
    /** A JSON file with the input, relative to the playbook's folder. */
    inputFile: z.string().optional(),
    /** "<tree>:<path>": the file that becomes `input.content`. */
    contentFrom: z
      .string()
      .regex(/^[^:]+:.+$/, 'expected "<tree>:<path>"')
      .optional(),
    replace: z.array(replacementSchema).default([]),
  })
  .refine(
    (call) => !(call.inputFile && Object.keys(call.input).length > 0),
    'input and inputFile exclude each other',
  )
  .refine((call) => call.replace.length === 0 || call.contentFrom !== undefined, 'replace needs contentFrom');

/** Shorthand for one write_file call a file. */
const filesSchema = z.strictObject({
  from: z.string().min(1),
  /** Paths and globs in the tree; each must match something. */
  paths: z.array(z.string().min(1)).min(1),
});

const answerSchema = z.strictObject({
  text: z.string().default(''),
  /** Written before the calls are made. */
  files: z.array(filesSchema).default([]),
  call: z.array(callSchema).default([]),
});

const architecturesSchema = z.array(z.enum(ARCHITECTURES)).min(1);

const sessionSchema = z.strictObject({
  role: roleSchema,
  task: z.string().min(1),
  attempt: z.number().int().min(1).default(1),
  /** Only for these; for every one that the playbook can be played for when absent. */
  arch: architecturesSchema.optional(),
  answer: z.array(answerSchema).min(1),
});

/** What an included file may hold. */
export const sessionsFileSchema = z.strictObject({ session: z.array(sessionSchema).default([]) });

/** `playbook.toml`; what is absent may come from the playbook that it extends. */
export const playbookSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9-]+$/, 'expected lower-case letters, digits and dashes'),
  title: z.string().min(1),
  /** The playbook that this one goes on from, a folder relative to this one. */
  extends: z.string().min(1).optional(),
  /** The goals it covers, as a person would write them. */
  goals: z.array(z.string().min(1)).min(1),
  /** Other words that a goal it covers may use. */
  keywords: z.array(z.string()).default([]),
  arch: architecturesSchema.optional(),
  /** What `{name}` stands for in sessions, goals and input files, by architecture; the same names for each. */
  terms: z
    .partialRecord(
      z.enum(ARCHITECTURES),
      z.record(z.string().regex(/^\w+$/), z.union([z.string(), z.array(z.string())])),
    )
    .default({}),
  /** kernel_build when nobody says otherwise. */
  mode: z.enum(WORKFLOW_MODES).optional(),
  /** Trainings of a model that it has recorded, in the modes that train one. */
  trainings: z.number().int().min(1).max(64).optional(),
  /** The model that it has recorded, in these modes. */
  model_size: modelSizeSchema.optional(),
  /** The workspace it expects; empty when nobody says otherwise. */
  start: z.enum(['empty', 'reference']).optional(),
  /** A specification of its own, with tests/acceptance.toml, relative to the playbook's folder. */
  spec: z.string().optional(),
  /** Source trees by name, relative to the playbook's folder. */
  files: z.record(z.string(), z.string()).default({}),
  /** More files with sessions, relative to the playbook's folder. */
  include: z.array(z.string()).default([]),
  session: z.array(sessionSchema).default([]),
});

export type PlaybookFile = z.infer<typeof playbookSchema>;
export type RecordedSession = z.infer<typeof sessionSchema>;
export type RecordedAnswer = z.infer<typeof answerSchema>;
export type RecordedCall = z.infer<typeof callSchema>;
