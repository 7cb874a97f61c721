import { z } from 'zod';
import { KEY_NAMES, type KeyName } from './keys.ts';
import { ROLES, WORKFLOW_MODES } from './roles.ts';
import { architectureSchema } from './schema/roles.ts';

const usd = z.number().nonnegative();
const seconds = z.number().positive();
const count = z.number().int().min(1).max(64);

/** A model by the name of the configuration that it is trained with. */
export const modelSizeSchema = z.enum([
  'pico_200K',
  'nano_1M',
  'mini_3M',
  'tiny_10M',
  'small_50M',
  'medium_150M',
  'large_500M',
]);
export type ModelSize = z.infer<typeof modelSizeSchema>;

/** A strict section whose keys all have defaults, so that an absent section is the default one. */
function section<T extends z.ZodRawShape>(shape: T) {
  const schema = z.strictObject(shape);
  return schema.prefault({} as z.input<typeof schema>);
}

/** The schema of `auton.toml`. Every key is documented in `auton.example.toml`. */
export const configSchema = z.strictObject({
  llm: section({
    /** `provider/model`; chosen from the keys that are present when absent. */
    model: z.string().includes('/').optional(),
    max_tokens: z.number().int().positive().default(16_384),
    temperature: z.number().min(0).max(2).default(0),
    cost: section({
      max_cost_usd: usd.default(50),
      warn_at_usd: usd.default(25),
      per_task_usd: usd.optional(),
      daily_budget_usd: usd.optional(),
    }),
    api_keys: section(
      Object.fromEntries(KEY_NAMES.map((name) => [name, z.string().optional()])) as Record<
        KeyName,
        z.ZodOptional<z.ZodString>
      >,
    ),
    endpoints: section({
      anthropic: z.url().optional(),
      openai: z.url().optional(),
      gemini: z.url().optional(),
      openrouter: z.url().optional(),
      ollama: z.url().default('http://localhost:11434'),
      azure: z.url().optional(),
      vllm: z.url().optional(),
    }),
    azure: section({ api_version: z.string().default('2024-10-21') }),
    timeouts: section({
      connect_seconds: seconds.default(15),
      first_token_seconds: seconds.default(300),
      idle_seconds: seconds.default(120),
    }),
    retries: z.number().int().min(0).max(20).default(6),
  }),
  workflow: section({
    mode: z.enum(WORKFLOW_MODES).default('kernel_build'),
    /** Whose approval a change needs before it is merged: a reviewer's, or the user's as well. */
    approval: z.enum(['reviewer', 'user']).default('reviewer'),
  }),
  agents: section({
    manager_count: count.default(1),
    architect_count: count.default(1),
    developer_count: count.default(4),
    reviewer_count: count.default(1),
    tester_count: count.default(1),
    integrator_count: count.default(1),
    training_agent_count: count.default(4),
    max_attempts: count.default(3),
    max_turns: z.number().int().min(1).max(10_000).default(80),
    max_tokens_per_task: z.number().int().positive().default(4_000_000),
    max_minutes: z.number().positive().default(60),
    models: section(
      Object.fromEntries(ROLES.map((role) => [role, z.string().includes('/').optional()])) as Record<
        (typeof ROLES)[number],
        z.ZodOptional<z.ZodString>
      >,
    ),
  }),
  workspace: section({
    /** Relative to the folder of the run; `<arch>` is replaced. */
    path: z.string().default('kernels/<arch>'),
    branch_prefix: z
      .string()
      .regex(/^[A-Za-z0-9._-]+$/)
      .default('agent'),
    /** A specification of one's own, with tests/acceptance.toml; relative to the folder of the run. */
    spec: z.string().optional(),
    template: z.enum(['empty', 'reference']).default('empty'),
  }),
  kernel: section({
    arch: architectureSchema.default('x86_64'),
    cc: z.string().default('gcc'),
    as: z.string().default('nasm'),
    ld: z.string().default('ld'),
    qemu: z.string().optional(),
    accel: z.enum(['auto', 'tcg', 'kvm', 'hvf', 'whpx']).default('auto'),
  }),
  validation: section({
    build_timeout: seconds.default(300),
    test_timeout: seconds.default(60),
    composition_checks: z.boolean().default(true),
  }),
  sandbox: section({
    mode: z.enum(['required', 'off']).default('required'),
    memory_mb: z.number().int().min(64).default(4096),
    max_processes: z.number().int().min(8).default(512),
    max_file_mb: z.number().int().min(1).default(256),
    tmp_mb: z.number().int().min(1).default(512),
    command_timeout: seconds.default(120),
  }),
  slm: section({
    model_size: modelSizeSchema.default('nano_1M'),
    backend: z.enum(['rule_engine', 'neural_backend']).default('rule_engine'),
    quantization: z.enum(['int8', 'int4', 'fp16']).default('int8'),
    /** What trainings and evaluations compute on; "auto" is a GPU when there is one. */
    device: z
      .string()
      .regex(/^(auto|cpu|cuda(:\d+)?)$/, 'there are auto, cpu, cuda and cuda:1 and so on')
      .default('auto'),
    /** Of one stage: a training, an evaluation. */
    stage_timeout: seconds.default(14_400),
    /** What a model must reach, in place of what its tier asks for. */
    evaluation: section({
      max_perplexity: z.number().positive().optional(),
      min_benchmark: z.number().min(0).max(1).optional(),
    }),
    /** In place of what the configuration of the model says. */
    training: section({
      batch_size: z.number().int().positive().optional(),
      learning_rate: z.number().positive().optional(),
      max_steps: z.number().int().positive().optional(),
    }),
  }),
  logging: section({
    level: z.enum(['error', 'warn', 'info', 'debug']).default('info'),
    agent_log: z.string().default('agents.log'),
    orchestrator_log: z.string().default('orchestrator.log'),
    retention_days: z.number().int().min(1).default(30),
  }),
});

/** Everything a run is configured by, defaults filled in. */
export type Config = z.infer<typeof configSchema>;
