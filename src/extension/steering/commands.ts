import { l10n, window } from 'vscode';
import type { RunControl } from '../../protocol/control.ts';
import { UserError } from '../../protocol/errors.ts';
import type { TaskView } from '../../protocol/run-state.ts';
import type { CommandsOf } from '../command.ts';
import { agentFor, input, pick, runFor, taskFor } from '../common/pick.ts';
import { targetOf } from '../common/target.ts';
import type { Ctx } from '../ctx.ts';
import type { AutonFolder } from '../folder.ts';
import type { RunRecord } from '../runs/run-record.ts';
import { isOpen, isRetryable } from '../runs/task-rules.ts';

/** What a user does to a run that exists; starting one is in run-goal.ts. */
export const steeringCommands: CommandsOf<
  | 'pause'
  | 'resume'
  | 'stop'
  | 'retryTask'
  | 'skipTask'
  | 'cancelTask'
  | 'messageAgent'
  | 'answerQuestion'
  | 'setBudget'
> = {
  pause,
  resume: async (ctx, argument) => {
    const { folder, record } = await runFor(ctx, argument);
    await (await controlOf(folder, record)).continue();
  },
  stop,
  retryTask: (ctx, argument) =>
    onTask(ctx, argument, l10n.t('Which task gets a fresh set of attempts?'), isRetryable, (run, id) =>
      run.retryTask(id),
    ),
  skipTask: (ctx, argument) =>
    onTask(ctx, argument, l10n.t('Which task is left out?'), isOpen, (run, id) => run.skipTask(id)),
  cancelTask: (ctx, argument) =>
    onTask(ctx, argument, l10n.t('Which task is cancelled?'), isOpen, (run, id) => run.cancelTask(id)),
  messageAgent,
  answerQuestion,
  setBudget,
};

/** The control of a run: an engine is started when there is none, and a run that stopped is taken up again. */
async function controlOf(folder: AutonFolder, record: RunRecord): Promise<RunControl> {
  return (await folder.engine.require()).of(record.id);
}

async function pause(ctx: Ctx, argument: unknown): Promise<void> {
  const { folder, record } = await runFor(ctx, argument);
  const { client } = folder.engine;
  if (client?.run === record.id) return client.pause();
  throw new UserError(
    l10n.t('No engine works on this run, so there is nothing to pause.'),
    l10n.t('Continue it with "AUTON: Resume", or start another with "AUTON: Run Goal".'),
  );
}

async function onTask(
  ctx: Ctx,
  argument: unknown,
  question: string,
  fits: (task: TaskView) => boolean,
  act: (run: RunControl, task: string) => Promise<void>,
): Promise<void> {
  const { folder, record, task } = await taskFor(ctx, argument, question, fits);
  await act(await controlOf(folder, record), task.spec.id);
}

async function stop(ctx: Ctx, argument: unknown): Promise<void> {
  const { folder, record } = await runFor(ctx, argument);
  const stopRun = l10n.t('Stop Run');
  const chosen = await window.showWarningMessage(
    l10n.t('Stop this run for good?'),
    {
      modal: true,
      detail: l10n.t(
        'What is merged stays. The branches of the agents stay, too. "AUTON: Pause" only interrupts.',
      ),
    },
    stopRun,
  );
  if (chosen !== stopRun) return;
  await (await controlOf(folder, record)).cancel();
}

async function messageAgent(ctx: Ctx, argument: unknown): Promise<void> {
  const named = targetOf(argument);
  const { folder, record } = await runFor(ctx, argument);
  const to = named?.task ?? (await agentFor(ctx, argument, l10n.t('To which agent?'))).agent.id;
  const text = await input({
    prompt: l10n.t('It reaches {0} before its next step.', to),
    placeHolder: l10n.t('What should it know?'),
    validateInput: (value) => (value.trim() === '' ? l10n.t('Write something.') : undefined),
  });
  await (await controlOf(folder, record)).sendMessage(to, text.trim());
}

async function answerQuestion(ctx: Ctx, argument: unknown): Promise<void> {
  const { folder, record } = await runFor(ctx, argument);
  const named = targetOf(argument);
  const open = [...record.state.questions].filter(
    ([id, { agent, answer }]) =>
      answer === null &&
      (named?.question === undefined || named.question === id) &&
      (named?.agent === undefined || named.agent === agent),
  );
  if (open.length === 0) {
    throw new UserError(
      l10n.t('No question waits for an answer.'),
      l10n.t('The agents go on by themselves.'),
    );
  }
  const items = open.map(([id, { agent, question }]) => ({ label: question, description: agent, value: id }));
  const id = await pick(items, l10n.t('Which question?'));
  const { question, agent } = record.state.questions.get(id)!;
  const answer = await input({ title: l10n.t('{0} asks', agent), prompt: question });
  await (await controlOf(folder, record)).answerQuestion(id, answer);
}

async function setBudget(ctx: Ctx, argument: unknown): Promise<void> {
  const { folder, record } = await runFor(ctx, argument);
  const { spentUsd, maxCostUsd } = record.state;
  const text = await input({
    title: l10n.t('Budget of this run in US dollars'),
    prompt: l10n.t('Spent so far: {0}. A run that waits for money goes on.', `$${spentUsd.toFixed(2)}`),
    value: String(maxCostUsd),
    validateInput: (value) =>
      /^\d+(\.\d+)?$/.test(value.trim()) ? undefined : l10n.t('A number such as 25 or 7.50.'),
  });
  await (await controlOf(folder, record)).setBudget(Number(text));
}
