import { commands, l10n, window, type LogOutputChannel } from 'vscode';
import { errorMessage, UserError } from '../../protocol/errors.ts';
import { COMMANDS } from '../ids.ts';
import { inEditor } from './palette.ts';

/**
 * Tells the user of an error in one message with its remedy. What is no UserError is a defect of AUTON and says so;
 * its stack goes to the log.
 */
export async function showError(error: unknown, log: LogOutputChannel): Promise<void> {
  const logs = l10n.t('Show Logs');
  let text = inEditor(errorMessage(error));
  if (error instanceof UserError) log.warn(text);
  else {
    log.error(error instanceof Error ? error : String(error));
    text = l10n.t('AUTON made a mistake: {0}. Please report it with the log.', text);
  }
  if ((await window.showErrorMessage(text, logs)) === logs) await commands.executeCommand(COMMANDS.showLogs);
}
