import { l10n, window } from 'vscode';
import { UserError } from '../../protocol/errors.ts';
import type { TaskView } from '../../protocol/run-state.ts';
import type { EngineClient } from '../engine/engine-client.ts';
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
  pause: async (ctx, argument) => (await activeRun(ctx, argument)).client.pause(),
  resume: async (ctx, argument) => {
    const { folder, record } = await runFor(ctx, argument);
    await resume(folder, record);
  },
  stop,
  retryTask: (ctx, argument) =>
    onTask(ctx, argument, l10n.t('Which task gets a fresh set of attempts?'), isRetryable, (client, id) =>
      client.retryTask(id),
    ),
  skipTask: (ctx, argument) =>
    onTask(ctx, argument, l10n.t('Which task is left out?'), isOpen, (client, id) => client.skipTask(id)),
  cancelTask: (ctx, argument) =>
    onTask(ctx, argument, l10n.t('Which task is cancelled?'), isOpen, (client, id) => client.cancelTask(id)),
  messageAgent,
  answerQuestion,
  setBudget,
};

/** Lets a run go on: in the engine that holds it, or in a new one. */
export async function resume(folder: AutonFolder, record: RunRecord): Promise<EngineClient> {
  const client = await folder.engine.require();
  if (client.run === record.id) await client.continue();
  else await client.resumeRun({ run: record.id });
  return client;
}

async function activeRun(
  ctx: Ctx,
  argument: unknown,
): Promise<{ folder: AutonFolder; record: RunRecord; client: EngineClient }> {
  const { folder, record } = await runFor(ctx, argument);
  const { client } = folder.engine;
  if (client && client.run === record.id) return { folder, record, client };
  throw new UserError(
    l10n.t('No engine works on this run.'),
    l10n.t('Continue it with "AUTON: Resume", or start another with "AUTON: Run Goal".'),
  );
}

/** A task can only be steered in a run that an engine holds; one that waits is taken up for it. */
async function onTask(
  ctx: Ctx,
  argument: unknown,
  question: string,
  fits: (task: TaskView) => boolean,
  act: (client: EngineClient, task: string) => Promise<void>,
): Promise<void> {
  const { folder, record, task } = await taskFor(ctx, argument, question, fits);
  const client = record.live ? folder.engine.client! : await resume(folder, record);
  await act(client, task.spec.id);
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
  const client = record.live ? folder.engine.client! : await resume(folder, record);
  await client.cancel();
}

async function messageAgent(ctx: Ctx, argument: unknown): Promise<void> {
  const named = targetOf(argument);
  const { client } = await activeRun(ctx, argument);
  const to = named?.task ?? (await agentFor(ctx, argument, l10n.t('To which agent?'))).agent.id;
  const text = await input({
    prompt: l10n.t('It reaches {0} before its next step.', to),
    placeHolder: l10n.t('What should it know?'),
    validateInput: (value) => (value.trim() === '' ? l10n.t('Write something.') : undefined),
  });
  await client.sendMessage(to, text.trim());
}

async function answerQuestion(ctx: Ctx, argument: unknown): Promise<void> {
  const { record, client } = await activeRun(ctx, argument);
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
  await client.answerQuestion(id, answer);
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
  const client = record.live ? folder.engine.client! : await resume(folder, record);
  await client.setBudget(Number(text));
}
