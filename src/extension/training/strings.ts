import { l10n } from 'vscode';

/** Every text of the panel, in the user's language: the panel itself cannot translate. */
export function trainingStrings() {
  return {
    title: l10n.t('Training'),
    loss: l10n.t('Loss'),
    lossHint: l10n.t('Line: examples of the training. Dots: sentence templates that it never sees.'),
    right: l10n.t('Right on unseen templates'),
    rightHint: l10n.t('Line: the intent. Dots: the whole action.'),
    steps: l10n.t('steps'),
    training: l10n.t('Training'),
    state: l10n.t('State'),
    step: l10n.t('Step'),
    validation: l10n.t('Validation loss'),
    label: l10n.t('Intent'),
    action: l10n.t('Action'),
    speed: l10n.t('Examples a second'),
    running: l10n.t('running'),
    done: l10n.t('done'),
    stopped: l10n.t('stopped'),
    diverged: l10n.t('diverged'),
    parameters: l10n.t('{0} million parameters on {1}'),
    none: l10n.t('No training has written a log here yet. Its curves show as soon as one does.'),
  };
}

export type TrainingStrings = ReturnType<typeof trainingStrings>;
