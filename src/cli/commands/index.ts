import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { agentsCommand } from './agents.ts';
import { cleanCommand } from './clean.ts';
import { configCommand } from './config.ts';
import {
  answerCommand,
  budgetCommand,
  cancelCommand,
  messageCommand,
  pauseCommand,
  taskCommand,
} from './controls.ts';
import { debugCommand } from './debug.ts';
import { diffCommand } from './diff.ts';
import { doctorCommand } from './doctor.ts';
import { kernelCommand } from './kernel.ts';
import { engineCommand } from './engine.ts';
import { logsCommand } from './logs.ts';
import { reportCommand } from './report.ts';
import { resumeCommand } from './resume.ts';
import { runCommand } from './run.ts';
import { runsCommand } from './runs.ts';
import { slmCommand } from './slm/index.ts';
import { statusCommand } from './status.ts';
import { tasksCommand } from './tasks.ts';
import { validateCommand } from './validate.ts';

/** Every command, in the order of the help. */
export const COMMANDS: readonly { heading: string; commands: readonly ((cli: Cli) => Command)[] }[] = [
  { heading: 'Work:', commands: [runCommand, resumeCommand] },
  {
    heading: 'Look:',
    commands: [
      statusCommand,
      tasksCommand,
      agentsCommand,
      runsCommand,
      logsCommand,
      diffCommand,
      reportCommand,
      debugCommand,
    ],
  },
  {
    heading: 'Steer:',
    commands: [pauseCommand, cancelCommand, taskCommand, messageCommand, answerCommand, budgetCommand],
  },
  { heading: 'Kernel:', commands: [kernelCommand, validateCommand] },
  { heading: 'Model:', commands: [slmCommand] },
  { heading: 'Set up:', commands: [configCommand, doctorCommand, cleanCommand] },
];

/** For programs; a user needs none of them. */
export const HIDDEN_COMMANDS: readonly ((cli: Cli) => Command)[] = [engineCommand];
