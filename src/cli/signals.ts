import { EXIT, UserError } from '../protocol/errors.ts';

/** Does work that stops tidily when the process is told to end or its terminal is closed. */
export async function interruptible<T>(
  work: (signal: AbortSignal) => Promise<T>,
  remedy = 'Start it again.',
): Promise<T> {
  const controller = new AbortController();
  const abort = () => controller.abort(new UserError('Interrupted.', remedy, { exitCode: EXIT.interrupted }));
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, abort);
  try {
    return await work(controller.signal);
  } finally {
    for (const signal of signals) process.off(signal, abort);
  }
}
