import type { ConfigReport } from '../../config/problems.ts';

export type ReportedProblem = ConfigReport['problems'][number];

/** What to write in the place that a problem points at; null when its remedy is not as simple as that. */
export function fixOf({ key, message, remedy }: ReportedProblem): string | null {
  const [, meant] = /^Did you mean "([^"]+)"\?$/.exec(remedy) ?? [];
  if (meant === undefined || key === undefined) return null;
  if (!message.startsWith('unknown key')) return JSON.stringify(meant);
  // What belongs to another section cannot be corrected in its place.
  return sectionOf(meant) === sectionOf(key) ? meant.slice(meant.lastIndexOf('.') + 1) : null;
}

const sectionOf = (name: string) => name.slice(0, Math.max(name.lastIndexOf('.'), 0));
