import { Command, Option } from 'commander';
import { connect } from '../../engine/client.ts';
import type { RunControl } from '../../protocol/control.ts';
import type { Review } from '../../protocol/review.ts';
import type { Cli } from '../cli.ts';
import { driveRun } from '../drive.ts';
import { amount, workspaceOf } from '../options.ts';
import { openHost } from '../run-host.ts';

/** Asks something of the run that works in this folder; there must be one. */
async function control(cli: Cli, command: Command, ask: (run: RunControl) => Promise<void>, done: string) {
  const engine = await connect(workspaceOf(cli, command));
  await ask(engine).finally(() => engine.dispose());
  cli.print(done);
}

/** The same, and a run that has stopped is taken up again for it, in this terminal. */
async function controlOrResume(
  cli: Cli,
  command: Command,
  ask: (run: RunControl) => Promise<void>,
  done: string,
): Promise<void> {
  const host = await openHost(cli, workspaceOf(cli, command));
  try {
    const handle = await host.control(ask);
    if (handle === null || handle.state.status === 'cancelled') return cli.print(done);
    cli.print(`${done} The run had stopped; it goes on here.`);
    cli.exitCode = await driveRun(cli, handle, { json: false, elsewhere: null });
  } finally {
    await host.close();
  }
}

export function pauseCommand(cli: Cli): Command {
  return new Command('pause')
    .description('let the agents finish their answers, then stop')
    .action((_options: object, command: Command) =>
      control(cli, command, (run) => run.pause(), `Paused. Continue with \`${cli.self} resume\`.`),
    );
}

export function cancelCommand(cli: Cli): Command {
  return new Command('cancel')
    .description('end the run for good; what is merged stays, branches are kept')
    .action((_options: object, command: Command) =>
      controlOrResume(
        cli,
        command,
        (run) => run.cancel(),
        'Cancelled. Everything merged so far stays merged.',
      ),
    );
}

export function taskCommand(cli: Cli): Command {
  const task = new Command('task').description('judge, retry, skip or cancel one task');
  task
    .command('retry')
    .description('give a failed, blocked, cancelled or skipped task a fresh set of attempts')
    .argument('<task>')
    .action((id: string, _options: object, command: Command) =>
      controlOrResume(cli, command, (run) => run.retryTask(id), `${id} is tried again.`),
    );
  task
    .command('skip')
    .description('leave a task out; those that depend on it may start')
    .argument('<task>')
    .action((id: string, _options: object, command: Command) =>
      controlOrResume(cli, command, (run) => run.skipTask(id), `${id} is left out.`),
    );
  task
    .command('cancel')
    .description('stop a task; those that depend on it stay blocked')
    .argument('<task>')
    .action((id: string, _options: object, command: Command) =>
      controlOrResume(cli, command, (run) => run.cancelTask(id), `${id} is cancelled.`),
    );
  task
    .command('approve')
    .description(
      'let a change through: instead of a reviewer, after one (workflow.approval), or against their doubts',
    )
    .argument('<task>')
    .addOption(commentOption())
    .action((id: string, { comment }: { comment?: string[] }, command: Command) =>
      controlOrResume(
        cli,
        command,
        (run) => run.reviewTask(id, userReview('approve', comment)),
        `${id} is approved.`,
      ),
    );
  task
    .command('reject')
    .description('ask for changes; the comments are what its agent reads next')
    .argument('<task>')
    .addOption(commentOption().makeOptionMandatory())
    .action((id: string, { comment }: { comment?: string[] }, command: Command) =>
      controlOrResume(
        cli,
        command,
        (run) => run.reviewTask(id, userReview('request_changes', comment)),
        `${id} goes back to its agent.`,
      ),
    );
  return task;
}

const commentOption = () =>
  new Option('--comment <text>', 'what to say, of a line as "file:line: text"; may be repeated').argParser(
    (text: string, before: string[] = []) => [...before, text],
  );

/** Comments on lines, and the rest as the summary. */
function userReview(verdict: Review['verdict'], texts: string[] = []): Review {
  const review: Review = { verdict, summary: '', comments: [] };
  for (const text of texts) {
    const [, file, line, message] = /^([^\s:][^:]*):([1-9]\d*):\s*(\S.*)$/s.exec(text) ?? [];
    if (file && line && message) review.comments.push({ file, line: Number(line), message });
    else review.summary = `${review.summary}\n${text}`.trim();
  }
  return review;
}

export function messageCommand(cli: Cli): Command {
  return new Command('message')
    .description('tell an agent, or whoever works on a task, something before its next step')
    .argument('<agent|task>')
    .argument('<text...>')
    .action((to: string, words: string[], _options: object, command: Command) =>
      controlOrResume(
        cli,
        command,
        (run) => run.sendMessage(to, words.join(' ')),
        `${to} reads it before the next step.`,
      ),
    );
}

export function answerCommand(cli: Cli): Command {
  return new Command('answer')
    .description('answer a question of an agent')
    .argument('<question>', 'its id, as `auton status` shows it')
    .argument('<text...>')
    .action((id: string, words: string[], _options: object, command: Command) =>
      controlOrResume(
        cli,
        command,
        (run) => run.answerQuestion(id, words.join(' ')),
        `Question ${id} is answered.`,
      ),
    );
}

export function budgetCommand(cli: Cli): Command {
  return new Command('budget')
    .description('set what the run may cost in all; a run that waits for money goes on')
    .argument('<usd>', 'US dollars', amount)
    .action((usd: number, _options: object, command: Command) =>
      controlOrResume(cli, command, (run) => run.setBudget(usd), `The run may cost $${usd.toFixed(2)} now.`),
    );
}
