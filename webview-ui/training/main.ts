import { isToPanel, type FromPanel, type PanelState } from '../../src/extension/training/messages.ts';
import { trainingsView } from './view.ts';

declare function acquireVsCodeApi(): {
  postMessage(message: FromPanel): void;
  setState(state: PanelState): void;
};

const editor = acquireVsCodeApi();
window.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
  if (!isToPanel(data)) return;
  editor.setState({ folder: data.folder });
  document.body.replaceChildren(trainingsView(data));
});
editor.postMessage({ type: 'ready' });
