/**
 * Every id that the manifest and the code share. A test compares them with package.json: an id that only one of the
 * two knows is a defect.
 */

const COMMAND_NAMES = [
  'runGoal',
  'pause',
  'resume',
  'stop',
  'retryTask',
  'skipTask',
  'cancelTask',
  'messageAgent',
  'answerQuestion',
  'approve',
  'reject',
  'openGraph',
  'showReport',
  'showCosts',
  'setBudget',
  'validate',
  'buildKernel',
  'bootKernel',
  'chatWithKernel',
  'restartKernel',
  'screenshot',
  'selectArchitecture',
  'setApiKey',
  'removeApiKey',
  'selectModels',
  'checkEnvironment',
  'cleanWorktrees',
  'restartEngine',
  'showActions',
  'showLogs',
  'openConfiguration',
  'openChange',
  'openBranchChanges',
  'openFile',
  'addComment',
  'editComment',
  'saveComment',
  'cancelComment',
  'deleteComment',
  'openSerialLog',
  'openBuildLog',
  'openFinding',
  'openTranscript',
  'revealTask',
  'refreshRuns',
  'copyCommand',
  'askSlm',
  'showTraining',
  'slmPrepare',
  'slmTrain',
  'slmEvaluate',
  'slmQuantize',
  'slmExport',
  'slmIntegrate',
] as const;
export type CommandName = (typeof COMMAND_NAMES)[number];

/** `COMMANDS.runGoal` is "auton.runGoal". */
export const COMMANDS = Object.fromEntries(COMMAND_NAMES.map((name) => [name, `auton.${name}`])) as {
  readonly [N in CommandName]: `auton.${N}`;
};

export const VIEW_CONTAINER = 'auton';
export const VIEWS = {
  runs: 'auton.runs',
  agents: 'auton.agents',
  changes: 'auton.changes',
  evidence: 'auton.evidence',
  slm: 'auton.slm',
} as const;

export const GRAPH_VIEW_TYPE = 'auton.graph';
export const TRAINING_VIEW_TYPE = 'auton.training';
export const WALKTHROUGH = 'auton.start';
export const TEST_CONTROLLER = 'auton.acceptance';
export const COMMENT_CONTROLLER = 'auton.reviews';
/** Read-only documents: files of commits, files of runs (transcripts, serial logs), and what runs cost. */
export const SCHEMES = { git: 'auton-git', run: 'auton-run', costs: 'auton-costs' } as const;

export const TASK_TYPES = {
  build: 'auton-build',
  qemu: 'auton-qemu',
  validate: 'auton-validate',
  slm: 'auton-slm',
} as const;

export const CHAT_PARTICIPANT = 'auton.auton';
export const TOOLS = {
  run: 'auton_run',
  status: 'auton_status',
  taskDiff: 'auton_task_diff',
  build: 'auton_build',
  boot: 'auton_boot',
} as const;

/** Keys of `when` clauses, with what each may hold. */
export interface ContextKeys {
  /** Of the folder that commands without a target act on. */
  'auton.runState': 'none' | 'running' | 'paused' | 'interrupted' | 'done' | 'failed' | 'cancelled';
  'auton.hasRuns': boolean;
  'auton.hasQuestions': boolean;
  'auton.kernelBooted': boolean;
  /** A language model is made in the folder. */
  'auton.hasSlm': boolean;
  'auton.environment': 'unknown' | 'ready' | 'noGit' | 'noTools';
  'auton.models': 'unknown' | 'ready' | 'none';
  /** Of the diff in the active editor. */
  'auton.activeDiff': '' | 'changed' | 'reviewable';
}
export const CONTEXT_KEYS: readonly (keyof ContextKeys)[] = [
  'auton.runState',
  'auton.hasRuns',
  'auton.hasQuestions',
  'auton.kernelBooted',
  'auton.hasSlm',
  'auton.environment',
  'auton.models',
  'auton.activeDiff',
];

/** Settings with their types; the defaults stand in the manifest. */
export interface Settings {
  'engine.nodePath': string;
  'engine.startOnOpen': boolean;
  'runs.history': number;
  notifications: 'all' | 'waiting' | 'none';
  'changes.decorations': boolean;
  'changes.reviewComments': boolean;
  'kernel.memoryMb': number;
  'kernel.commandLine': string;
}
export const SETTINGS: readonly (keyof Settings)[] = [
  'engine.nodePath',
  'engine.startOnOpen',
  'runs.history',
  'notifications',
  'changes.decorations',
  'changes.reviewComments',
  'kernel.memoryMb',
  'kernel.commandLine',
];
