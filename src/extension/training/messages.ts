import type { Training } from './training-log.ts';
import type { TrainingStrings } from './strings.ts';

/** What the panel of trainings and the extension tell each other. Each side ignores what is not of this. */
export type ToPanel = { type: 'trainings'; folder: string; strings: TrainingStrings; trainings: Training[] };
export type FromPanel = { type: 'ready' };

/** What the panel keeps over a reload of the window. */
export interface PanelState {
  folder: string;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;
const isPoint = (value: unknown) =>
  isObject(value) && typeof value['step'] === 'number' && typeof value['value'] === 'number';
const TEXTS = ['place', 'name', 'device', 'state'];
const NUMBERS = ['parameters', 'step', 'steps', 'fraction', 'examplesPerSecond'];
const CURVES = ['loss', 'validation', 'label', 'action'];

function isTraining(value: unknown): value is Training {
  return (
    isObject(value) &&
    TEXTS.every((key) => typeof value[key] === 'string') &&
    NUMBERS.every((key) => typeof value[key] === 'number') &&
    CURVES.every((key) => Array.isArray(value[key]) && (value[key] as unknown[]).every(isPoint))
  );
}

export const isToPanel = (value: unknown): value is ToPanel =>
  isObject(value) &&
  value['type'] === 'trainings' &&
  typeof value['folder'] === 'string' &&
  isObject(value['strings']) &&
  Array.isArray(value['trainings']) &&
  value['trainings'].every(isTraining);
export const isFromPanel = (value: unknown): value is FromPanel =>
  isObject(value) && value['type'] === 'ready';
export const isPanelState = (value: unknown): value is PanelState =>
  isObject(value) && typeof value['folder'] === 'string';
