import { EventEmitter, l10n, ThemeIcon, type Disposable, type WebviewPanel } from 'vscode';
import { Disposables } from '../common/disposables.ts';
import type { Ctx } from '../ctx.ts';
import { webviewPage, webviewRoot } from '../graph/page.ts';
import { isFromPanel, type ToPanel } from './messages.ts';
import { trainingStrings } from './strings.ts';
import { Trainings } from './trainings.ts';

/** A panel with the curves of the trainings of one folder. */
export class TrainingPanel implements Disposable {
  readonly folder: string;
  readonly #panel: WebviewPanel;
  readonly #trainings: Trainings | null;
  readonly #disposables = new Disposables();
  readonly #disposed = this.#disposables.add(new EventEmitter<void>());
  readonly onDidDispose = this.#disposed.event;
  #told = '';

  constructor(ctx: Ctx, panel: WebviewPanel, folder: string) {
    const root = ctx.extension.extensionUri;
    const found = ctx.folders.get(folder);
    this.folder = folder;
    this.#panel = panel;
    this.#trainings = found ? this.#disposables.add(new Trainings(found)) : null;
    panel.title = l10n.t('Training');
    panel.iconPath = new ThemeIcon('graph-line');
    panel.webview.options = { enableScripts: true, localResourceRoots: [webviewRoot(root)] };
    this.#disposables.add(panel.onDidDispose(() => this.dispose()));
    // A page that was hidden does not exist any more, and asks when it is there again.
    this.#disposables.add(
      panel.webview.onDidReceiveMessage((message: unknown) => isFromPanel(message) && void this.#send()),
    );
    if (this.#trainings)
      this.#disposables.add(this.#trainings.onDidChange(() => panel.visible && void this.#send(false)));
    panel.webview.html = webviewPage(panel.webview, root, 'training');
  }

  show(): void {
    this.#panel.reveal();
  }

  /** `always`, or only when something is another than what the page shows. */
  async #send(always = true): Promise<void> {
    const trainings = (await this.#trainings?.read()) ?? [];
    const told = JSON.stringify(trainings);
    if (!always && told === this.#told) return;
    this.#told = told;
    const message: ToPanel = {
      type: 'trainings',
      folder: this.folder,
      strings: trainingStrings(),
      trainings,
    };
    void this.#panel.webview.postMessage(message);
  }

  dispose(): void {
    this.#disposed.fire();
    this.#disposables.dispose();
  }
}
