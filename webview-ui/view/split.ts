import { el, setAttribute } from './dom.ts';

const LEAST = 90;
const STEP = 20;

/** A bar between the graph and what is below it, to be dragged or moved by the arrow keys. */
export function splitter(
  label: string,
  below: HTMLElement,
  start: number,
  changed: (height: number) => void,
): HTMLElement {
  const bar = el('div', {
    class: 'splitter',
    role: 'separator',
    tabindex: 0,
    'aria-orientation': 'horizontal',
    'aria-label': label,
    'aria-valuemin': LEAST,
  });
  let height = start;
  const set = (wanted: number) => {
    const most = Math.max(LEAST, window.innerHeight * 0.75);
    height = Math.min(most, Math.max(LEAST, wanted));
    below.style.height = `${height}px`;
    setAttribute(bar, 'aria-valuenow', String(Math.round(height)));
    setAttribute(bar, 'aria-valuemax', String(Math.round(most)));
  };
  set(start);
  bar.addEventListener('pointerdown', (down) => {
    const from = height;
    bar.setPointerCapture(down.pointerId);
    const move = (event: PointerEvent) => set(from + down.clientY - event.clientY);
    bar.addEventListener('pointermove', move);
    bar.addEventListener(
      'lostpointercapture',
      () => {
        bar.removeEventListener('pointermove', move);
        changed(height);
      },
      { once: true },
    );
  });
  bar.addEventListener('keydown', (event) => {
    if (event.key !== 'ArrowUp' && event.key !== 'ArrowDown') return;
    event.preventDefault();
    set(height + (event.key === 'ArrowUp' ? STEP : -STEP));
    changed(height);
  });
  return bar;
}
