/** A command to run with nothing but its worktree. Paths are absolute. */
export interface SandboxCommand {
  argv: [string, ...string[]];
  /** Working directory; inside one of `writable` or `readable`. */
  cwd: string;
  /** Folders the command may write. */
  writable: string[];
  /** Further folders it may read; the system's toolchains always are. */
  readable?: string[];
  /** The whole environment beyond PATH, HOME, TMPDIR and LANG. */
  env?: Record<string, string>;
  stdin?: string;
  timeoutMs: number;
  signal?: AbortSignal;
  /** The complete output goes to this file (outside the sandbox's reach); `output` is cut in the middle. */
  outputFile?: string;
}

export interface SandboxResult {
  /** null when the command was ended by a signal. */
  exitCode: number | null;
  timedOut: boolean;
  /** stdout and stderr as they came, cut in the middle beyond `OUTPUT_LIMIT` characters. */
  output: string;
  outputBytes: number;
  durationMs: number;
}

/** Runs commands for agents and builds. Rejects only with the signal's reason or a UserError, never for an exit code. */
export interface Sandbox {
  /** "bubblewrap", or "off": then every place that shows a run says so. */
  readonly mode: 'bubblewrap' | 'off';
  run(command: SandboxCommand): Promise<SandboxResult>;
}

/** Characters of output that a tool result or evidence shows. */
export const OUTPUT_LIMIT = 16_000;
