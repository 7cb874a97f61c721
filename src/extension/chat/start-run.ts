import { commands, l10n, type CancellationToken, type ChatResponseStream } from 'vscode';
import type { RunState } from '../../protocol/run-state.ts';
import { code, plain } from '../common/markdown.ts';
import type { Ctx } from '../ctx.ts';
import type { AutonFolder } from '../folder.ts';
import { COMMANDS } from '../ids.ts';
import type { RunRecord } from '../runs/run-record.ts';

/** A plan comes within seconds from a playbook, within a minute or two from a model. */
const PLAN_MS = 150_000;
const SHOWN_TASKS = 12;

/**
 * `/run <goal>`: says what is going to happen, has the command ask for what is missing (it shows what goes wrong
 * itself), and stays until the plan stands. undefined: no run was started.
 */
export async function startRun(
  ctx: Ctx,
  goal: string,
  stream: ChatResponseStream,
  token: CancellationToken,
): Promise<{ folder: AutonFolder; record: RunRecord } | undefined> {
  stream.markdown(
    [
      `> ${plain(goal)}`,
      l10n.t(
        'AUTON asks above who works on it and looks whether this machine can build and boot. Then agents plan, write, build and boot on branches of their own, in a sandbox; what passes is merged. Close the question to start nothing.',
      ),
    ].join('\n\n') + '\n\n',
  );
  stream.progress(l10n.t('Starting a run'));
  const run = await commands.executeCommand<string | undefined>(COMMANDS.runGoal, { goal });
  const folder = ctx.folders.all.find(({ runs }) => run !== undefined && runs.get(run));
  const record = run === undefined ? undefined : folder?.runs.get(run);
  if (!folder || !record) {
    stream.markdown(l10n.t('No run was started.'));
    return undefined;
  }
  stream.progress(l10n.t('The agents plan'));
  const { state } = record;
  const ended = () => record.phase !== 'running' && state.lastSeq > 0;
  await changed(folder, token, () => state.tasks.size > 0 || ended());
  // In one piece: the chat folds what came before the last piece away.
  stream.markdown(`${began(record)}\n\n${plan(state)}`);
  return { folder, record };
}

/** Until a condition holds that the run's events bring about; not longer than the chat waits, nor than anybody would. */
function changed(folder: AutonFolder, token: CancellationToken, condition: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const finish = () => {
      clearTimeout(timer);
      changes.dispose();
      cancelled.dispose();
      resolve();
    };
    const check = () => {
      if (condition()) finish();
    };
    const timer = setTimeout(finish, PLAN_MS);
    const changes = folder.runs.onDidChange(check);
    const cancelled = token.onCancellationRequested(finish);
    check();
  });
}

function began({ id, state: { arch, modelLabel, maxCostUsd } }: RunRecord): string {
  const budget = `$${maxCostUsd.toFixed(2)}`;
  return l10n.t('Run {0} began: {1}, {2}, budget {3}.', code(id), arch, plain(modelLabel), budget);
}

function plan({ tasks, statusMessage }: RunState): string {
  const goesOn = l10n.t(
    'The agents are at work. It goes on without this chat; ask for `/status` at any time.',
  );
  if (tasks.size === 0) return statusMessage === '' ? goesOn : plain(statusMessage);
  const all = [...tasks.values()];
  const rest = all.length - SHOWN_TASKS;
  return [
    l10n.t('**{0} tasks are planned:**', all.length),
    '',
    ...all.slice(0, SHOWN_TASKS).map(({ spec }) => `- ${code(spec.id)} ${plain(spec.title)}`),
    ...(rest > 0 ? [`- ${l10n.t('and {0} more', rest)}`] : []),
    '',
    goesOn,
  ].join('\n');
}
