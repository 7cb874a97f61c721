import type { GraphStrings, StringKey } from '../../src/extension/graph/strings.ts';
import type { RunInfo, TaskInfo } from '../../src/extension/graph/messages.ts';
import { dollars, fill, oneLine, tookText } from '../model/units.ts';
import type { RunModel } from '../run-model.ts';

/** The texts of the panel in the user's language. */
export class Words {
  readonly #strings: GraphStrings;

  constructor(strings: GraphStrings) {
    this.#strings = strings;
  }

  say(key: StringKey, ...values: (string | number)[]): string {
    return fill(this.#strings[key], ...values);
  }

  attempts(count: number): string {
    return count === 1 ? this.say('attempt') : this.say('attempts', count);
  }

  /** What a task cost; empty while nothing was spent, and never 0 where a price is not known. */
  cost({ spentUsd, unpricedCalls }: Pick<TaskInfo, 'spentUsd' | 'unpricedCalls'>): string {
    const known = spentUsd > 0 ? dollars(spentUsd) : '';
    return unpricedCalls === 0 ? known : `${known}${known ? ' + ' : ''}?`;
  }

  runCost({ spentUsd, maxCostUsd, unpricedCalls, playbook }: RunInfo): string {
    if (playbook && spentUsd === 0) return this.say('noCost');
    const known = this.say('cost', dollars(spentUsd), dollars(maxCostUsd));
    return unpricedCalls === 0 ? known : `${known} + ${this.say('unknownCost', unpricedCalls)}`;
  }

  /** Everything about a task in lines, as a tooltip and for a screen reader. */
  describe(task: TaskInfo, model: RunModel): string[] {
    const elapsed = model.elapsed(task);
    const over = task.state === 'merged' || task.state === 'failed';
    const workers = model.workers(task.id);
    const agent = model.agentOf(task);
    const cost = this.cost(task);
    return [
      `${task.id}: ${oneLine(task.title)}`,
      this.say(`state.${task.state}`) + (task.reason === '' ? '' : `: ${oneLine(task.reason)}`),
      ...(workers.length > 0 ? [this.say('workedBy', workers.join(', '))] : agent === '' ? [] : [agent]),
      ...(task.attempts === 0 ? [] : [this.attempts(task.attempts)]),
      ...(elapsed === 0 ? [] : [this.say(over ? 'took' : 'sofar', tookText(elapsed))]),
      ...(cost === '' ? [] : [cost]),
      ...(task.dependsOn.length === 0 ? [] : [this.say('after', task.dependsOn.join(', '))]),
    ];
  }
}
