import { errorMessage, hasCode, UserError } from '../protocol/errors.ts';

/** A tool call that cannot be done as asked; the message tells the model what to do instead. */
export class ToolError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ToolError';
  }
}

const FILE_ERRORS: Record<string, string> = {
  ENOENT: 'does not exist',
  ENOTDIR: 'runs through something that is not a folder',
  EISDIR: 'is a folder',
  EACCES: 'may not be accessed',
  EPERM: 'may not be accessed',
  EROFS: 'is on a read-only file system',
  ENOSPC: 'cannot be written: the disk is full',
  EDQUOT: 'cannot be written: the disk quota is used up',
  ENAMETOOLONG: 'has too long a name',
  EEXIST: 'exists already',
  ELOOP: 'is a symbolic link that changed meanwhile',
  ENXIO: 'is not a regular file',
};

/** A failed file operation as a ToolError about the path as the model knows it; anything else stays what it is. */
export function fileError(error: unknown, shown: string): unknown {
  const code = Object.keys(FILE_ERRORS).find((candidate) => hasCode(error, candidate));
  return code ? new ToolError(`${shown} ${FILE_ERRORS[code]}.`, { cause: error }) : error;
}

/** What the model reads of any error. */
export function modelMessage(error: unknown): string {
  if (error instanceof ToolError || error instanceof UserError) return errorMessage(error);
  return `The tool failed: ${errorMessage(error)}`;
}
