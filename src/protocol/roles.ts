export const WORKFLOW_MODES = ['kernel_build', 'slm_training', 'dual'] as const;
export type WorkflowMode = (typeof WORKFLOW_MODES)[number];

export const KERNEL_ROLES = [
  'manager',
  'architect',
  'developer',
  'reviewer',
  'tester',
  'integrator',
] as const;
export const SLM_ROLES = [
  'data_scientist',
  'model_architect',
  'training',
  'evaluation',
  'quantization',
  'export',
] as const;
export const ROLES = [...KERNEL_ROLES, ...SLM_ROLES] as const;

/** Whether a role makes the language model rather than the kernel. */
export function isSlmRole(role: Role): boolean {
  return (SLM_ROLES as readonly Role[]).includes(role);
}

export type Role = (typeof ROLES)[number];

/** Roles a task may be given to; the others act on the tasks of these. */
export const TASK_ROLES = ['architect', 'developer', 'tester', ...SLM_ROLES] as const;

export const ARCHITECTURES = ['x86_64', 'aarch64', 'riscv64'] as const;
export type Architecture = (typeof ARCHITECTURES)[number];
