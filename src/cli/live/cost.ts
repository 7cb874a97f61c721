import { isPlaybook, type RunState } from '../../protocol/run-state.ts';
import { counted, dollars } from '../../protocol/units.ts';

/** What was spent, honestly: calls of unknown price are said, not counted as free. */
export function costText(state: RunState): string {
  if (isPlaybook(state) && state.spentUsd === 0) return 'nothing (playbook, no model)';
  const unknown =
    state.unpricedCalls === 0 ? '' : ` and ${counted(state.unpricedCalls, 'call')} of unknown price`;
  return `${dollars(state.spentUsd)} of ${dollars(state.maxCostUsd)}${unknown}`;
}
