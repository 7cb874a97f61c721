import { createInterface } from 'node:readline/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { readTranscript, type TranscriptEntry } from '../../agents/transcript.ts';
import { EXIT, UserError } from '../../protocol/errors.ts';
import { ROLES, type Role } from '../../protocol/roles.ts';
import type { RunState, SessionView } from '../../protocol/run-state.ts';
import { readRun } from '../../run/runs.ts';
import { columnsOf, type Cli } from '../cli.ts';
import { renderSteps } from '../live/conversation.ts';
import { jsonOption, positive, workspaceOf } from '../options.ts';

interface Options {
  agent?: Role;
  task?: string;
  attempt?: number;
  run?: string;
  step?: boolean;
  full?: boolean;
  json?: boolean;
}

export function debugCommand(cli: Cli): Command {
  return new Command('debug')
    .description('replay what one agent was told, said and did, and how it ended')
    .addOption(new Option('--agent <role>', 'role of the agent').choices([...ROLES]))
    .option('--task <id>', 'what it worked on; "plan" for the manager')
    .option('--attempt <number>', 'which attempt [the last]', positive('attempts'))
    .option('--run <run>', 'of which run [the newest]')
    .option('--step', 'wait for Enter after each step')
    .option('--full', 'do not shorten long texts')
    .addOption(jsonOption('print the transcript, one JSON object a line'))
    .action(async (options: Options, command: Command) => {
      const { state, folder } = await readRun(workspaceOf(cli, command), options.run);
      const session = findSession(cli, state, options);
      const file = join(folder, session.transcript);
      if (!existsSync(file)) {
        throw new UserError(
          `The transcript ${file} is missing.`,
          'It was deleted, or the session has not begun.',
        );
      }
      const entries = readTranscript(file);
      if (options.json) return entries.forEach((entry) => cli.print(JSON.stringify(entry)));
      await replay(cli, state, session, entries, options);
    });
}

function findSession(cli: Cli, state: RunState, options: Options): SessionView {
  const sessions = [...state.sessions.values()];
  const matching = sessions.filter(
    ({ id, role, task }) =>
      (options.agent === undefined || role === options.agent) &&
      (options.task === undefined || task === options.task) &&
      (options.attempt === undefined || id.split('.')[1] === String(options.attempt)),
  );
  const chosen = matching.at(-1);
  const narrowed = options.agent !== undefined || options.task !== undefined;
  if (chosen && (narrowed || matching.length === 1)) return chosen;
  const shown = (narrowed ? sessions : matching)
    .slice(-12)
    .map(({ role, task }) => `--agent ${role} --task ${task}`);
  throw new UserError(
    chosen ? 'There are many conversations in this run.' : 'There is no such conversation in this run.',
    shown.length === 0
      ? `Nobody has spoken yet; see \`${cli.self} status\`.`
      : `Choose one: ${[...new Set(shown)].join('; ')}.`,
    { exitCode: EXIT.usage },
  );
}

async function replay(
  cli: Cli,
  state: RunState,
  session: SessionView,
  entries: readonly TranscriptEntry[],
  options: Options,
): Promise<void> {
  const canvas = {
    columns: columnsOf(cli),
    style: cli.style,
    symbols: cli.symbols,
    full: options.full ?? false,
  };
  const steps = renderSteps({ session, state, entries }, canvas);
  const interactive = options.step === true && cli.stdin.isTTY;
  const reader = interactive ? createInterface({ input: cli.stdin, output: cli.stdout }) : null;
  try {
    for (const [index, step] of steps.entries()) {
      cli.print(...step, '');
      if (reader && index < steps.length - 1)
        await reader.question(cli.style.dim(`-- ${index + 1}/${steps.length}, Enter for the next -- `));
    }
  } finally {
    reader?.close();
  }
}
