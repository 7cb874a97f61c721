import '../../fixtures/vscode.ts';
import assert from 'node:assert/strict';
import type { RunEvent } from '../../../src/protocol/events.ts';
import { foldEvents } from '../../../src/protocol/fold.ts';
import { startedEvent } from '../../fixtures/events.ts';
import { goldenIn } from '../../fixtures/golden.ts';
import { LogBuilder, sampleRun, task } from '../../fixtures/run-log.ts';

const { costsMarkdown } = await import('../../../src/extension/graph/costs.ts');
const golden = goldenIn(import.meta.dirname);
const markdown = (events: RunEvent[]) => costsMarkdown(foldEvents(events));

/** Two models, of which one has no price. */
function paidRun(goal = 'a goal'): LogBuilder {
  const agents = [
    { id: 'manager-1', role: 'manager' as const, model: 'anthropic/claude-opus-5-5' },
    { id: 'developer-1', role: 'developer' as const, model: 'anthropic/claude-opus-5-5' },
    { id: 'developer-2', role: 'developer' as const, model: 'ollama/own' },
  ];
  const log = new LogBuilder();
  log.add(startedEvent({ goal, modelLabel: 'anthropic/claude-opus-5-5', agents }));
  log.openSession('plan.1.manager', 'manager-1', 'manager', 'plan');
  log.step('plan.1.manager', 'manager-1', 0, 'propose_tasks', 'proposes 2 tasks', 0.25);
  log.add({ type: 'tasks.added', tasks: [task('boot', 'Boot'), task('mm', 'Memory')], by: 'manager-1' });
  log.startAttempt('boot', 'developer-1', 'developer').startAttempt('mm', 'developer-2', 'developer');
  log.step('boot.1.developer', 'developer-1', 0, 'write_file', 'writes', 1.5);
  log.step('mm.1.developer', 'developer-2', 0, 'write_file', 'writes', null);
  return log;
}

describe('the costs of a run', () => {
  it('are shown by agent, role, model and task, unknown prices as unknown', () => {
    golden('costs', markdown(paidRun().events).split('\n'));
  });

  it('say that a playbook asks no model', () => {
    const text = markdown(sampleRun());
    assert.match(text, /\*\*nothing: the answers are recorded, no model is asked\*\*/);
    assert.doesNotMatch(text, /\$0/);
  });

  it('name what is set aside for a call under way', () => {
    const log = paidRun();
    log.add({
      ...{ type: 'model.called', session: 'boot.1.developer', agent: 'developer-1' },
      ...{ turn: 1, model: 'anthropic/claude-opus-5-5', reservedUsd: 0.4 },
    });
    assert.match(markdown(log.events), /Set aside for calls under way \| \$0\.40/);
  });

  it('do not let a goal become markup', () => {
    const text = markdown(paidRun('<img src=x> | [a](command:x)\n# b').events);
    assert.match(text, /^\\<img src=x\\> \\\| \\\[a\\\]\\\(command:x\\\) \\# b$/m);
  });
});
