import type { EventLine } from '../../protocol/describe-event.ts';
import { timeOfDay } from '../../protocol/units.ts';
import type { Style, Symbols } from '../terminal/style.ts';
import { fit } from '../terminal/text.ts';

export const SUBJECT_COLUMNS = 14;
/** What stands before a line's text: time, mark, subject. */
export const PREFIX_COLUMNS = 8 + 1 + 1 + 1 + SUBJECT_COLUMNS + 1 + 1;

/** A line of the log: time, subject, text. Nothing is cut: a terminal wraps, a file keeps everything. */
export function formatLine(at: string, line: EventLine, style: Style, symbols: Symbols): string {
  const [mark, colour] = {
    good: [symbols.done, style.green],
    bad: [symbols.failed, style.red],
    warning: ['!', style.yellow],
    plain: [' ', (text: string) => text],
  }[line.tone] as [string, (text: string) => string];
  const subject = fit(line.subject, Math.max(SUBJECT_COLUMNS, line.subject.length));
  return `${style.dim(timeOfDay(at))} ${colour(mark)} ${style.bold(subject)} ${line.tone === 'plain' ? line.text : colour(line.text)}`;
}
