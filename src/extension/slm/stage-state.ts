import { l10n } from 'vscode';
import type { Training } from '../training/training-log.ts';
import type { Stage } from './stages.ts';

/** How far a stage of the pipeline is, in a folder. */
export interface StageState {
  stage: Stage;
  state: 'todo' | 'running' | 'done' | 'failed';
  /** What there is of it. */
  detail: string;
}

/**
 * Read off the files that `auton slm` leaves in `slm/` of the folder: what they say is so whoever made them. `paths` are
 * relative to the folder, with `/`.
 */
export function stageStates(
  paths: readonly string[],
  trainings: readonly Training[],
  examples: number | null,
): StageState[] {
  const found = (pattern: RegExp) => paths.filter((path) => pattern.test(path));
  const named = (stage: Stage, files: readonly string[]): StageState => ({
    stage,
    state: files.length > 0 ? 'done' : 'todo',
    detail: files.map((path) => path.replace(/^.*\//, '')).join(', '),
  });
  return [
    {
      stage: 'prepare',
      state: examples === null ? 'todo' : 'done',
      detail: examples === null ? '' : l10n.t('{0} examples', examples),
    },
    training(trainings),
    named('evaluate', found(/^slm\/[^/]+\/evaluation\.json$/)),
    named('quantize', found(/^slm\/[^/]+\/int[48]\.pt$/)),
    named('export', found(/^slm\/.*\.(gguf|onnx)$/)),
    named('integrate', found(/(^|\/)integration_test_report\.json$/)),
  ];
}

const TRAINING_STATES = { running: 'running', done: 'done', stopped: 'failed', diverged: 'failed' } as const;

/** That of the newest training. */
function training([newest]: readonly Training[]): StageState {
  if (!newest) return { stage: 'train', state: 'todo', detail: '' };
  const { name, state, fraction, validation } = newest;
  const loss = validation.at(-1)?.value;
  const words = {
    running: l10n.t('running'),
    done: '',
    stopped: l10n.t('stopped'),
    diverged: l10n.t('diverged'),
  };
  const parts = [
    name,
    words[state],
    state === 'done' ? '' : `${Math.round(fraction * 100)} %`,
    loss === undefined ? '' : l10n.t('loss {0}', loss.toFixed(3)),
  ];
  return {
    stage: 'train',
    state: TRAINING_STATES[state],
    detail: parts.filter((part) => part !== '').join(' · '),
  };
}
