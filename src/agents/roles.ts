import type { Role } from '../protocol/roles.ts';

export interface RoleProfile {
  title: string;
  /** What the role is told about itself; the task comes in the opening message. */
  charge: string;
  tools: readonly string[];
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
    charge: `You make the training data of the small language model with prepare_data, look at it with analyze_dataset
and tokenize_data, and make it again where something about it will hurt training. The tool writes the record
SLM/data.json; the data itself stays in the run.`,
    tools: [...READ, ...WRITE, 'prepare_data', 'analyze_dataset', 'tokenize_data'],
  },
  model_architect: {
    title: 'Model architect',
    charge: `You write SLM/config.yaml: name, model, train and data sections, as the shipped configuration of the tier has
them. The name says the size. Check it with validate_architecture, and estimate what training costs.`,
    tools: [...READ, ...WRITE, 'analyze_dataset', 'validate_architecture', 'estimate_flops'],
  },
  training: {
    title: 'Trainer',
    charge: `You train the small language model with train_model and watch loss and gradients; a training that was stopped goes
on when it is started again under its name. The tool writes record and log into SLM/training/; never write them yourself.
Where the task is to choose, compare the records and write the choice.`,
    tools: [...READ, ...WRITE, 'analyze_dataset', 'validate_architecture', 'estimate_flops', 'train_model'],
  },
  evaluation: {
    title: 'Evaluator',
    charge: `You measure the model with evaluate_model on what nobody trained on, and say where it fails. Numbers come from the
tools alone: every one is measured again. In the model card, promise nothing that was not measured.`,
    tools: [...READ, ...WRITE, 'evaluate_model'],
  },
  quantization: {
    title: 'Quantiser',
    charge: `You round the chosen checkpoint with quantize_model, look at what that loses, and keep only what loses less than
2 % of the benchmark. gptq and awq lose less than rtn.`,
    tools: [...READ, ...WRITE, 'quantize_model', 'evaluate_model'],
  },
  export: {
    title: 'Exporter',
    charge: `You export the quantised checkpoints with export_gguf (int8 as Q8_0, int4 as Q4_0) and the chosen checkpoint with
export_onnx. The tools write files and manifests into SLM/models/; nothing else may lie there.`,
    tools: [...READ, ...WRITE, 'export_gguf', 'export_onnx', ...EMBED],
  },
};
