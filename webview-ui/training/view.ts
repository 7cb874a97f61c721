import type { ToPanel } from '../../src/extension/training/messages.ts';
import type { Training } from '../../src/extension/training/training-log.ts';
import type { TrainingStrings } from '../../src/extension/training/strings.ts';
import { el } from '../view/dom.ts';
import { chart, type Curve } from './chart.ts';

/** All trainings in two pictures and a table; a colour and a dash belong to each. */
export function trainingsView({ strings, trainings }: ToPanel): HTMLElement {
  if (trainings.length === 0) return el('p', { class: 'empty', role: 'status' }, strings.none);
  const curves = (line: 'loss' | 'label', dots: 'validation' | 'action') =>
    trainings.map((training, index): Curve => ({ index, line: training[line], dots: training[dots] }));
  return el(
    'main',
    { class: 'training' },
    picture(strings.loss, strings.lossHint, chart(curves('loss', 'validation'), { axis: strings.steps })),
    picture(
      strings.right,
      strings.rightHint,
      chart(curves('label', 'action'), { axis: strings.steps, share: true }),
    ),
    table(strings, trainings),
  );
}

function picture(title: string, hint: string, drawn: SVGElement): HTMLElement {
  drawn.setAttribute('aria-label', `${title}. ${hint}`);
  return el('section', {}, el('h2', {}, title), el('p', { class: 'hint' }, hint), drawn);
}

/** The same in numbers, for who cannot see curves. */
function table(strings: TrainingStrings, trainings: readonly Training[]): HTMLElement {
  const head = ['training', 'state', 'step', 'loss', 'validation', 'label', 'action', 'speed'] as const;
  return el(
    'table',
    {},
    el('thead', {}, el('tr', {}, ...head.map((key) => el('th', { scope: 'col' }, strings[key])))),
    el('tbody', {}, ...trainings.map((training, index) => row(strings, training, index))),
  );
}

function row(strings: TrainingStrings, training: Training, index: number): HTMLElement {
  const { name, place, parameters, device, state, step, steps, fraction, examplesPerSecond } = training;
  const what = strings.parameters.replace('{0}', (parameters / 1e6).toFixed(1)).replace('{1}', device);
  const percent = `${Math.round(fraction * 100)} %`;
  const last = (points: Training['loss']) => points.at(-1)?.value;
  const number = (value: number | undefined) => (value === undefined ? '' : value.toFixed(3));
  const share = (value: number | undefined) => (value === undefined ? '' : `${(value * 100).toFixed(1)} %`);
  const cells = [
    `${strings[state]} ${state === 'done' ? '' : percent}`.trim(),
    steps > 0 && state !== 'done' ? `${step} / ${steps}` : String(step),
    number(last(training.loss)),
    number(last(training.validation)),
    share(last(training.label)),
    share(last(training.action)),
    examplesPerSecond > 0 ? String(Math.round(examplesPerSecond)) : '',
  ];
  return el(
    'tr',
    { class: `c${index} ${state}` },
    el('th', { scope: 'row', title: what }, el('i', { class: 'key' }), name, el('small', {}, place)),
    ...cells.map((cell) => el('td', {}, cell)),
  );
}
