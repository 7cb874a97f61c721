import type { Config } from '../../protocol/config.ts';
import { given } from '../../protocol/given.ts';

type Value = number | string | boolean;
const STEPS = 'train.steps';

/** `[slm.training]` of auton.toml as values that take the place of those of a model's configuration. */
export function trainingValues(training: Config['slm']['training']): Record<string, number> {
  return given({
    'train.batch': training.batch_size,
    'train.learning_rate': training.learning_rate,
    [STEPS]: training.max_steps,
  });
}

/** What an agent varies of them: everything, but it takes no more steps than the user allows. */
export function varied(
  values: Readonly<Record<string, number>>,
  own: Readonly<Record<string, Value>>,
): Record<string, Value> {
  const most = values[STEPS];
  const steps = own[STEPS];
  const isMore = most !== undefined && typeof steps === 'number' && steps > most;
  return { ...values, ...own, ...(isMore ? { [STEPS]: most } : {}) };
}
