import {
  describeMessage,
  isPanelState,
  isToPanel,
  type FromPanel,
  type PanelState,
  type ToPanel,
} from '../src/extension/graph/messages.ts';
import { NEW_STATE, Panel } from './panel.ts';
import { el } from './view/dom.ts';

interface Editor {
  postMessage(message: FromPanel): void;
  getState(): unknown;
  setState(state: PanelState | Pick<PanelState, 'target'>): void;
}
declare function acquireVsCodeApi(): Editor;

const editor = acquireVsCodeApi();
let panel: Panel | null = null;
let shown = '';
let told = false;

window.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
  if (isToPanel(data)) receive(data);
  else if (!told) {
    told = true;
    const what = describeMessage(data);
    console.warn(`AUTON: a message that is not of the graph's protocol was ignored: ${what}`);
    editor.postMessage({ type: 'rejected', what });
  }
});
setInterval(() => panel?.tick(), 1000);
editor.postMessage({ type: 'ready' });

function receive(message: ToPanel): void {
  switch (message.type) {
    case 'state': {
      const run = JSON.stringify(message.target);
      if (panel && run === shown) return panel.setRun(message);
      shown = run;
      panel = new Panel(message, kept(run), save, (answer) => editor.postMessage(answer));
      return document.body.replaceChildren(panel.element);
    }
    case 'delta':
      return panel?.apply(message);
    case 'select':
      return panel?.show(message.task);
    case 'gone':
      panel = null;
      shown = '';
      return document.body.replaceChildren(el('p', { class: 'empty', role: 'status' }, message.text));
  }
}

/** How the user had left it; only for the same run. */
function kept(run: string): Omit<PanelState, 'target'> {
  const state = editor.getState();
  return isPanelState(state) && JSON.stringify(state.target) === run ? state : NEW_STATE;
}

/** At once, and while more comes, as when the picture is moved, not more often than this. */
const SAVE_MS = 200;
let unsaved: PanelState | null = null;
let saving = false;

function save(state: PanelState): void {
  unsaved = state;
  if (saving) return;
  saving = true;
  editor.setState(state);
  unsaved = null;
  setTimeout(() => {
    saving = false;
    if (unsaved) save(unsaved);
  }, SAVE_MS);
}
