import type { TaskView } from '../../protocol/run-state.ts';
import { GoneError, type Repository } from './repository.ts';

/** A file of a task as a document shows it: as of a commit, or (null) as it is in the worktree now. */
export interface Place {
  file: string;
  commit: string | null;
}

/** A reviewer's comment that belongs on a line of a document. */
export interface ReviewedLine {
  /** The same as long as the comment is. */
  key: string;
  agent: string;
  verdict: TaskView['reviews'][number]['review']['verdict'];
  attempt: number;
  line: number;
  message: string;
  /** A later attempt was approved, or the work is merged. */
  resolved: boolean;
}

/**
 * The comments of a task's reviews that belong to a document. In a commit a line means what it meant to the reviewer
 * where the file is the same; in a worktree the agent has moved on, and only what is still open is told.
 */
export async function reviewedLines(
  repository: Repository,
  task: TaskView,
  place: Place,
): Promise<ReviewedLine[]> {
  const lines: ReviewedLine[] = [];
  for (const [index, { agent, attempt, review, head }] of task.reviews.entries()) {
    const resolved = isResolved(task, index);
    const comments = review.comments.filter(({ file }) => normal(file) === place.file);
    if (comments.length === 0) continue;
    if (place.commit === null ? resolved : !(await isSameFile(repository, place, head))) continue;
    for (const [number, { line, message }] of comments.entries()) {
      const key = `${index}.${number}`;
      lines.push({ key, agent, verdict: review.verdict, attempt, line, message, resolved });
    }
  }
  return lines;
}

/** Whether the file is the same in the document and in the commit that was commented. */
export async function isSameFile(
  repository: Repository,
  place: Place,
  commit: string | null,
): Promise<boolean> {
  if (place.commit === commit) return true;
  if (place.commit === null || commit === null) return false;
  try {
    const [here, there] = await Promise.all([
      repository.file(place.commit, place.file),
      repository.file(commit, place.file),
    ]);
    return here.id === there.id;
  } catch (error) {
    if (error instanceof GoneError) return false;
    throw error;
  }
}

function isResolved({ state, reviews }: TaskView, index: number): boolean {
  return state === 'merged' || reviews.slice(index + 1).some(({ review }) => review.verdict === 'approve');
}

/** Models write "./mm/pmm.c" too. */
function normal(file: string): string {
  return file.replace(/^\.?\/+/, '');
}
