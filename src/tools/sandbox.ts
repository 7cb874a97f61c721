/** A command to run with nothing but its worktree. Paths are absolute. */
export interface SandboxCommand {
  argv: [string, ...string[]];
  /** Working directory; inside one of `writable` or `readable`. */
  cwd: string;
  /** Folders the command may write, apart from their `.git`. */
  writable: string[];
  /** Further folders it may read; the system's toolchains always are. */
  readable?: string[];
  /** Whether it computes on the machine's GPUs, if there are any: no other command sees them. */
  gpu?: boolean;
  /** The whole environment beyond PATH, HOME, TMPDIR, LANG and TERM. Never a secret. */
  env?: Record<string, string>;
  stdin?: string;
  timeoutMs: number;
  signal?: AbortSignal;
  /** The complete output goes to this file (outside the sandbox's reach); `output` is cut in the middle. */
  outputFile?: string;
  /** The output as it comes. */
  onOutput?: (text: string) => void;
}

export interface SandboxResult {
  /** null when the command was ended by us or by a signal; a signal inside shows as 128 + its number, as in a shell. */
  exitCode: number | null;
  timedOut: boolean;
  /** stdout and stderr as they came, cut in the middle beyond `OUTPUT_LIMIT` bytes. */
  output: string;
  outputBytes: number;
  durationMs: number;
  /** What the sandbox did about the command beyond its exit code: a limit that ended it, a file it removed. */
  notes?: string[];
}

/** Runs commands for agents and builds. Rejects only with the signal's reason or a UserError, never for an exit code. */
export interface Sandbox {
  /** "bubblewrap", or "off": then every place that shows a run says so. */
  readonly mode: 'bubblewrap' | 'off';
  run(command: SandboxCommand): Promise<SandboxResult>;
}

/** The limits of every command, from the section `[sandbox]` of `auton.toml`. */
export interface SandboxLimits {
  memory_mb: number;
  max_processes: number;
  max_file_mb: number;
  tmp_mb: number;
}

/** Characters of output that a tool result or evidence shows. */
export const OUTPUT_LIMIT = 16_000;
