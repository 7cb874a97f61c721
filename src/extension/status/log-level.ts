import type { EventLine } from '../../protocol/describe-event.ts';

/** Builds that fail are part of the work; only a run that fails is an error. */
export function levelOf({ weight, tone, subject }: EventLine): 'error' | 'warn' | 'info' | 'debug' {
  if (tone === 'bad') return subject === 'run' ? 'error' : 'warn';
  if (tone === 'warning') return weight === 'detail' ? 'debug' : 'warn';
  return weight === 'detail' ? 'debug' : 'info';
}
