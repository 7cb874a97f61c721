import { commands, EventEmitter, l10n, ThemeIcon, type Disposable, type WebviewPanel } from 'vscode';
import { Disposables } from '../common/disposables.ts';
import type { Ctx } from '../ctx.ts';
import type { FoldersChange } from '../folders.ts';
import { COMMANDS } from '../ids.ts';
import { emptyDelta, type RunDelta, type RunRecord } from '../runs/run-record.ts';
import { PHASE_MARKS, TASK_MARKS } from '../views/marks.ts';
import { agentInfos, runInfo, taskInfos } from './graph-data.ts';
import { describeMessage, isFromPanel, type FromPanel, type GraphTarget, type ToPanel } from './messages.ts';
import { webviewPage, webviewRoot } from './page.ts';
import { graphStrings } from './strings.ts';

/** The first change is told at once, more of them together after this time. */
const THROTTLE_MS = 100;
const TITLE_LENGTH = 40;

/** A panel that shows the graph of one run, and stays with it. */
export class GraphPanel implements Disposable {
  readonly target: GraphTarget;
  readonly #ctx: Ctx;
  readonly #panel: WebviewPanel;
  readonly #disposables = new Disposables();
  readonly #disposed = this.#disposables.add(new EventEmitter<void>());
  readonly onDidDispose = this.#disposed.event;
  /** The page listens; a page that is hidden does not exist and asks for everything when it is there again. */
  #ready = false;
  #select: string | null = null;
  #pending: RunDelta | null = null;
  #timer: NodeJS.Timeout | undefined;
  #warned = false;

  constructor(ctx: Ctx, panel: WebviewPanel, target: GraphTarget) {
    this.#ctx = ctx;
    this.#panel = panel;
    this.target = target;
    panel.iconPath = new ThemeIcon('type-hierarchy');
    panel.webview.options = {
      enableScripts: true,
      localResourceRoots: [webviewRoot(ctx.extension.extensionUri)],
    };
    this.#disposables.add(panel.onDidDispose(() => this.dispose()));
    this.#disposables.add(panel.onDidChangeViewState(() => (this.#ready &&= panel.visible)));
    this.#disposables.add(panel.webview.onDidReceiveMessage((message: unknown) => this.#receive(message)));
    this.#disposables.add(ctx.folders.onDidChange((change) => this.#follow(change)));
    panel.webview.html = webviewPage(panel.webview, ctx.extension.extensionUri, 'graph');
  }

  /** Brings it to the front, with this task selected. */
  show(task?: string): void {
    this.#select = task ?? null;
    if (this.#ready) this.#sendSelection();
    this.#panel.reveal();
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#disposed.fire();
    this.#disposables.dispose();
  }

  #receive(message: unknown): void {
    if (isFromPanel(message)) return void this.#act(message);
    if (this.#warned) return;
    this.#warned = true;
    this.#ctx.log.warn(
      l10n.t("A message that is not of the graph's protocol was ignored: {0}", describeMessage(message)),
    );
  }

  async #act(message: FromPanel): Promise<void> {
    switch (message.type) {
      case 'ready':
        this.#ready = true;
        return this.#sendAll();
      case 'reveal':
        await commands.executeCommand(COMMANDS.revealTask, {
          target: { ...this.target, task: message.task },
        });
        return;
      case 'changes':
        await commands.executeCommand(COMMANDS.openBranchChanges, {
          target: { ...this.target, task: message.task },
        });
        return;
      case 'rejected':
        this.#ctx.log.warn(l10n.t("The graph's panel ignored a message it does not know: {0}", message.what));
    }
  }

  /** The run, once its log was read; a reason why it cannot be shown otherwise. */
  async #record(): Promise<RunRecord | string> {
    const runs = this.#ctx.folders.get(this.target.folder)?.runs;
    if (runs && !runs.get(this.target.run)) await runs.refresh();
    const record = runs?.get(this.target.run);
    if (!runs || !record) {
      return l10n.t(
        'This run is in none of the folders that are open. "AUTON: Open Graph" shows another one.',
      );
    }
    await runs.load(record);
    return record.problem?.message ?? record;
  }

  async #sendAll(): Promise<void> {
    this.#pending = null;
    const record = await this.#record();
    if (typeof record === 'string') {
      this.#panel.title = l10n.t('Graph');
      return this.#send({ type: 'gone', target: this.target, text: record });
    }
    const { state } = record;
    this.#setTitle(state.goal);
    this.#send({
      type: 'state',
      target: this.target,
      strings: graphStrings(TASK_MARKS, PHASE_MARKS),
      run: runInfo(record, Date.now()),
      tasks: taskInfos(state),
      agents: agentInfos(state),
    });
    this.#sendSelection();
  }

  #sendSelection(): void {
    if (this.#select !== null) this.#send({ type: 'select', task: this.#select });
    this.#select = null;
  }

  #follow(change: FoldersChange): void {
    if (change.kind === 'folders') return this.#resend();
    if (change.folder.path !== this.target.folder) return;
    if (change.kind === 'list' && !change.folder.runs.get(this.target.run)) return this.#resend();
    if (change.kind !== 'run' || change.record.id !== this.target.run) return;
    const pending = (this.#pending ??= emptyDelta());
    merge(pending, change.delta);
    if (this.#timer !== undefined) return;
    this.#sendPending(change.record);
    const again = () => {
      this.#timer = undefined;
      if (this.#pending === null) return;
      this.#sendPending(change.record);
      this.#timer = setTimeout(again, THROTTLE_MS);
    };
    this.#timer = setTimeout(again, THROTTLE_MS);
  }

  #resend(): void {
    if (this.#ready) void this.#sendAll();
  }

  #sendPending(record: RunRecord): void {
    const delta = this.#pending;
    this.#pending = null;
    if (!delta || !this.#ready) return;
    if (delta.structure || record.problem) return void this.#sendAll();
    this.#send({
      type: 'delta',
      run: runInfo(record, Date.now()),
      tasks: taskInfos(record.state, delta.tasks),
      agents: agentInfos(record.state, delta.agents),
    });
  }

  #send(message: ToPanel): void {
    void this.#panel.webview.postMessage(message);
  }

  #setTitle(goal: string): void {
    const line = goal.replace(/\s+/g, ' ').trim();
    const short = line.length <= TITLE_LENGTH ? line : `${line.slice(0, TITLE_LENGTH - 1).trimEnd()}…`;
    this.#panel.title = l10n.t('Graph: {0}', short);
  }
}

function merge(into: RunDelta, { structure, tasks, agents }: RunDelta): void {
  into.structure ||= structure;
  for (const id of tasks) into.tasks.add(id);
  for (const id of agents) into.agents.add(id);
}
