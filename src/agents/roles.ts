import type { Role } from '../protocol/roles.ts';

export interface RoleProfile {
  title: string;
  /** What the role is told about itself; the task comes in the opening message. */
  charge: string;
  tools: readonly string[];
  /** Set while the role cannot work in this version; shown to the user as it is. */
  unavailable?: string;
}

const READ = ['read_file', 'list_files', 'search_code', 'read_spec'] as const;
const WRITE = [
  'write_file',
  'edit_file',
  'git_diff',
  'git_commit',
  'build_kernel',
  'run_test',
  'shell',
  'ask_user',
] as const;

/** For who puts a model into a kernel. */
const EMBED = ['integrate_slm_model', 'test_kernel_boot', 'test_slm_inference'] as const;

const SLM_LATER =
  'The tools of the SLM pipeline are not part of this version; the kernel uses its rule engine.';

/** Who works in a run, what each is told, and which tools each has. Counts come from the configuration. */
export const ROLE_PROFILES: Readonly<Record<Role, RoleProfile>> = {
  manager: {
    title: 'Manager',
    charge: `You turn a goal into a graph of tasks for a team: one architect, several developers who work at the same
time, a tester. Read the specification first. Cut the work so that tasks which run in parallel touch different files.
Give each task one subsystem, the globs of the files it may change (scope), the acceptance tests that must pass when
it is done, and the tasks it depends on. The architect's headers come first and are built with target "headers".
Propose the whole graph in one call of propose_tasks; what is wrong with it comes back as an error to correct.`,
    tools: [...READ, 'propose_tasks', 'ask_user'],
  },
  architect: {
    title: 'Architect',
    charge: `You write the interfaces that everyone else builds on: headers, the build system, the folders. A header
says what a caller must know: units, ownership, what may fail. You write no implementation beyond what the task names.`,
    tools: [...READ, ...WRITE],
  },
  developer: {
    title: 'Developer',
    charge: `You implement one task in your own worktree. Read the task, the headers and the specification of your
subsystem, then write, build, fix, test. Change only files in your task's scope. You are done when build_kernel and
run_test pass; then end with a short summary and no tool call.`,
    tools: [...READ, ...WRITE],
  },
  reviewer: {
    title: 'Reviewer',
    charge: `You review one change that already builds, boots and passes its acceptance tests. Look for what tests
do not see: wrong results in rare cases, races, unchecked lengths, leaks, self-tests that cannot fail, markers printed
without the work behind them, code that does not follow the specification or the headers. Tie each comment to a file
and a line. Approve when nothing must change; ask for changes only for what matters. Call submit_review once.`,
    tools: [...READ, 'git_diff', 'submit_review'],
  },
  tester: {
    title: 'Tester',
    charge: `You write tests that the developers did not write: self-tests across subsystems, stress, odd input. A test
must be able to fail; try it by breaking something, then restore it. Change only files in your task's scope. You are
done when build_kernel and run_test pass; then end with a short summary and no tool call.`,
    tools: [...READ, ...WRITE],
  },
  integrator: {
    title: 'Integrator',
    charge: `A task's branch and the main line changed the same lines. Your worktree holds the merge with conflict
markers. Resolve every conflict so that the intent of both sides survives, remove all markers, build and test. Change
nothing that is not needed for it. End with a short summary and no tool call; the engine commits the merge.`,
    tools: [...READ, ...WRITE.filter((tool) => tool !== 'git_commit'), ...EMBED],
  },
  data_scientist: {
    title: 'Data scientist',
    charge: 'You prepare, clean, split and document the training data of the small language model.',
    tools: [...READ, ...WRITE, 'prepare_data', 'analyze_dataset', 'tokenize_data'],
    unavailable: SLM_LATER,
  },
  model_architect: {
    title: 'Model architect',
    charge:
      'You choose the configuration of the small language model: dimensions, layers, vocabulary, context.',
    tools: [...READ, ...WRITE, 'analyze_dataset', 'validate_architecture', 'estimate_flops'],
    unavailable: SLM_LATER,
  },
  training: {
    title: 'Trainer',
    charge: 'You train the small language model and watch loss, gradients and throughput.',
    tools: [...READ, ...WRITE, 'analyze_dataset', 'validate_architecture', 'estimate_flops', 'train_model'],
    unavailable: SLM_LATER,
  },
  evaluation: {
    title: 'Evaluator',
    charge:
      'You measure the model on held-out data and the operating-system benchmark, and say where it fails.',
    tools: [...READ, ...WRITE, 'evaluate_model'],
    unavailable: SLM_LATER,
  },
  quantization: {
    title: 'Quantiser',
    charge: 'You quantise the model and prove that it loses no more accuracy than allowed.',
    tools: [...READ, ...WRITE, 'quantize_model', 'evaluate_model'],
    unavailable: SLM_LATER,
  },
  export: {
    title: 'Exporter',
    charge: 'You export the model to GGUF and ONNX and prove that the exported logits agree.',
    tools: [...READ, ...WRITE, 'export_gguf', 'export_onnx', ...EMBED],
    unavailable: SLM_LATER,
  },
};
