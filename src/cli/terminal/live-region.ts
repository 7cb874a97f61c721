import type { OutputStream } from './style.ts';
import { widthOf } from './text.ts';

const HIDE_CURSOR = '\x1b[?25l';
const SHOW_CURSOR = '\x1b[?25h';
/** Terminals that know synchronised output show a frame at once; the others ignore the request. */
const BEGIN_FRAME = '\x1b[?2026h';
const END_FRAME = '\x1b[?2026l';
const CLEAR_LINE = '\x1b[K';
const CLEAR_BELOW = '\x1b[J';

/**
 * Lines at the bottom of the terminal that are redrawn in place, with normal lines scrolling above them. A frame is
 * one write and rewrites only the lines that differ, so nothing flickers.
 */
export class LiveRegion {
  readonly #stream: OutputStream;
  #shown: string[] = [];

  constructor(stream: OutputStream) {
    this.#stream = stream;
  }

  /** Redraws; `above` are lines that stay in the scrollback. No line may be wider than the terminal. */
  draw(lines: readonly string[], above: readonly string[] = []): void {
    let frame = this.#toTop();
    if (above.length > 0) {
      frame += above.map((line) => `${line}${CLEAR_LINE}\n`).join('');
      this.#shown = []; // what follows is on other rows of the screen now
    }
    for (const [index, line] of lines.entries()) {
      frame += line === this.#shown[index] ? '\n' : `${line}${CLEAR_LINE}\n`;
    }
    if (above.length > 0 || this.#shown.length > lines.length) frame += CLEAR_BELOW;
    this.#shown = [...lines];
    this.#stream.write(BEGIN_FRAME + HIDE_CURSOR + frame + END_FRAME);
  }

  /** Removes the region; the cursor is where it began. */
  clear(): void {
    this.#stream.write(this.#toTop() + CLEAR_BELOW + SHOW_CURSOR);
    this.#shown = [];
  }

  /** The terminal has wrapped what was wider than it is now: everything is drawn anew from where it began. */
  resized(): void {
    this.#stream.write(this.#toTop() + CLEAR_BELOW);
    this.#shown = [];
  }

  #toTop(): string {
    const columns = this.#stream.columns || 80;
    let rows = 0;
    for (const line of this.#shown) rows += Math.max(1, Math.ceil(widthOf(line) / columns));
    return rows === 0 ? '\r' : `\r\x1b[${rows}A`;
  }
}
