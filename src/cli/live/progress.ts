import type { LiveOutput } from '../../protocol/control.ts';
import type { RunEvent } from '../../protocol/events.ts';
import type { RunState } from '../../protocol/run-state.ts';
import { LiveRegion } from '../terminal/live-region.ts';
import {
  canRedraw,
  styleFor,
  symbolsFor,
  type OutputStream,
  type Style,
  type Symbols,
} from '../terminal/style.ts';
import { cut, widthOf } from '../terminal/text.ts';
import { renderBoard } from './board.ts';
import { SerialConsole } from './console-view.ts';
import { describeEvent, isAtLeast } from '../../protocol/describe-event.ts';
import { formatLine, PREFIX_COLUMNS, SUBJECT_COLUMNS } from './event-lines.ts';

/** Shows a run while it works. */
export interface Progress {
  event(event: RunEvent, state: RunState): void;
  output(output: LiveOutput): void;
  /** Something the user should know now, such as what Ctrl-C has begun. */
  say(text: string): void;
  /** Leaves the terminal as it was found. */
  end(): void;
}

export interface ProgressOptions {
  stdout: OutputStream;
  env: Record<string, string | undefined>;
  json: boolean;
  /** How long engines had worked on the run before. */
  workedMs?: number;
}

/** JSON lines if asked for, a live board where the terminal can show one, plain lines otherwise. */
export function createProgress(options: ProgressOptions): Progress {
  if (options.json) return new JsonProgress(options.stdout);
  const style = styleFor(options.stdout, options.env);
  const symbols = symbolsFor(options.env);
  if (!canRedraw(options.stdout, options.env)) return new PlainProgress(options.stdout, style, symbols);
  return new BoardProgress(options.stdout, style, symbols, options.workedMs ?? 0);
}

class JsonProgress implements Progress {
  readonly #stdout: OutputStream;
  constructor(stdout: OutputStream) {
    this.#stdout = stdout;
  }
  event(event: RunEvent): void {
    this.#stdout.write(`${JSON.stringify(event)}\n`);
  }
  output(): void {}
  say(): void {}
  end(): void {}
}

class PlainProgress implements Progress {
  readonly #stdout: OutputStream;
  readonly #style: Style;
  readonly #symbols: Symbols;
  constructor(stdout: OutputStream, style: Style, symbols: Symbols) {
    this.#stdout = stdout;
    this.#style = style;
    this.#symbols = symbols;
  }
  event(event: RunEvent, state: RunState): void {
    const line = describeEvent(event, state);
    if (!line || !isAtLeast(line.weight, 'step')) return;
    this.#stdout.write(`${formatLine(event.at, line, this.#style, this.#symbols)}\n`);
  }
  output(): void {}
  say(text: string): void {
    this.#stdout.write(`${this.#style.yellow(text)}\n`);
  }
  end(): void {}
}

/** Not faster than the eye, and the clock moves without events. */
const FRAME_MS = 80;
const TICK_MS = 500;
const WRITING_KEPT = 200;

class BoardProgress implements Progress {
  readonly #stdout: OutputStream;
  readonly #style: Style;
  readonly #symbols: Symbols;
  readonly #region: LiveRegion;
  readonly #serial = new SerialConsole();
  /** The end of what each agent's model is writing, as one line. */
  readonly #writing = new Map<string, string>();
  readonly #startedAt: number;
  readonly #ticker: NodeJS.Timeout;
  readonly #onResize = () => {
    this.#region.resized();
    this.#draw();
  };
  readonly #restore = () => this.#region.clear();
  #above: string[] = [];
  #state: RunState | null = null;
  #hint = 'Ctrl-C pauses';
  #frame: NodeJS.Timeout | null = null;

  constructor(stdout: OutputStream, style: Style, symbols: Symbols, workedMs: number) {
    this.#stdout = stdout;
    this.#style = style;
    this.#symbols = symbols;
    this.#region = new LiveRegion(stdout);
    this.#startedAt = performance.now() - workedMs;
    this.#ticker = setInterval(() => this.#soon(), TICK_MS);
    stdout.on('resize', this.#onResize);
    process.once('exit', this.#restore);
  }

  event(event: RunEvent, state: RunState): void {
    this.#state = state;
    if (event.type === 'model.called') this.#writing.delete(event.agent);
    const line = describeEvent(event, state);
    if (line && isAtLeast(line.weight, 'milestone')) {
      // One row each: what does not fit is in the log.
      const room = Math.max(
        20,
        (this.#stdout.columns || 80) - PREFIX_COLUMNS - Math.max(0, widthOf(line.subject) - SUBJECT_COLUMNS),
      );
      const text = cut(line.text, room, this.#symbols.ellipsis);
      this.#above.push(formatLine(event.at, { ...line, text }, this.#style, this.#symbols));
    }
    this.#soon();
  }

  output(output: LiveOutput): void {
    if (output.kind === 'text') {
      const text = (this.#writing.get(output.agent) ?? '') + output.text;
      this.#writing.set(
        output.agent,
        text.slice(text.lastIndexOf('\n', text.length - 2) + 1).slice(-WRITING_KEPT),
      );
      this.#soon();
    } else if (this.#serial.accept(output, performance.now())) {
      this.#soon();
    }
  }

  say(text: string): void {
    this.#hint = text;
    this.#soon();
  }

  end(): void {
    clearInterval(this.#ticker);
    if (this.#frame) clearTimeout(this.#frame);
    this.#stdout.off('resize', this.#onResize);
    process.off('exit', this.#restore);
    if (this.#above.length > 0) this.#draw();
    this.#region.clear();
  }

  #soon(): void {
    this.#frame ??= setTimeout(() => {
      this.#frame = null;
      this.#draw();
    }, FRAME_MS);
  }

  #draw(): void {
    if (!this.#state) return;
    const canvas = {
      columns: this.#stdout.columns || 80,
      rows: this.#stdout.rows || 24,
      style: this.#style,
      symbols: this.#symbols,
    };
    const view = {
      state: this.#state,
      elapsedMs: performance.now() - this.#startedAt,
      console: this.#serial.view,
      writing: this.#writing,
      hint: this.#hint,
    };
    this.#region.draw(renderBoard(view, canvas), this.#above.splice(0));
  }
}
