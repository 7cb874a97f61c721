import type { RunState } from '../../protocol/run-state.ts';
import { counted, dollars } from '../terminal/units.ts';

/** A run whose answers are recorded costs nothing, and must not look as if a model had been cheap. */
export function isPlaybook(state: Pick<RunState, 'modelLabel'>): boolean {
  return state.modelLabel.startsWith('playbook');
}

/** What was spent, honestly: calls of unknown price are said, not counted as free. */
export function costText(state: RunState): string {
  if (isPlaybook(state) && state.spentUsd === 0) return 'nothing (playbook, no model)';
  const unknown =
    state.unpricedCalls === 0 ? '' : ` and ${counted(state.unpricedCalls, 'call')} of unknown price`;
  return `${dollars(state.spentUsd)} of ${dollars(state.maxCostUsd)}${unknown}`;
}
