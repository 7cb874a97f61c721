/** Process exit codes of `auton`, also what a run ends with. */
export const EXIT = { done: 0, failed: 1, usage: 2, budget: 3, interrupted: 130 } as const;

/**
 * An error that a person can act on: `message` says what happened, `remedy` what to do about it.
 * Everything that reaches a user is one of these; any other error is a defect of AUTON.
 */
export class UserError extends Error {
  readonly remedy: string;
  readonly exitCode: number;

  constructor(message: string, remedy: string, options: { cause?: unknown; exitCode?: number } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = 'UserError';
    this.remedy = remedy;
    this.exitCode = options.exitCode ?? EXIT.failed;
  }
}

/** The message of anything that was thrown. */
export function errorMessage(error: unknown): string {
  if (error instanceof UserError) {
    const stop = /[.!?]$/.test(error.message) ? '' : '.';
    return `${error.message}${stop} ${error.remedy}`;
  }
  return error instanceof Error ? error.message : String(error);
}

/** True for Node's file-system and process errors with this code ("ENOENT"). */
export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && (error as NodeJS.ErrnoException).code === code;
}
