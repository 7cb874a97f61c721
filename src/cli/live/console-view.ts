import type { LiveOutput } from '../../protocol/control.ts';
import { printable } from '../../protocol/printable.ts';

const KEPT_LINES = 40;
/** A boot that prints keeps the box; another gets it when the first has been silent for this long. */
const SILENCE_MS = 800;

/** What the box shows: the last lines of one machine's serial port. */
export interface ConsoleView {
  source: string;
  lines: readonly string[];
}

/** Follows the serial ports of all machines that run and picks the one to show. */
export class SerialConsole {
  #source = '';
  #heardAt = 0;
  #lines: string[] = [];
  #open = '';

  /** `now` in milliseconds of any clock. Returns whether something to show has changed. */
  accept(output: LiveOutput, now: number): boolean {
    if (output.kind !== 'serial') return false;
    if (output.source !== this.#source) {
      if (now - this.#heardAt < SILENCE_MS) return false;
      this.#source = output.source;
      this.#lines = [];
      this.#open = '';
    }
    this.#heardAt = now;
    const parts = (this.#open + output.text).split('\n');
    this.#open = parts.pop() ?? '';
    // Firmware clears the screen with empty lines before anything is said.
    const lines = parts.map(printable).filter((line) => line !== '' || this.#lines.length > 0);
    this.#lines.push(...lines);
    this.#lines.splice(0, this.#lines.length - KEPT_LINES);
    return true;
  }

  get view(): ConsoleView | null {
    if (this.#source === '') return null;
    const open = printable(this.#open);
    return { source: this.#source, lines: open === '' ? this.#lines : [...this.#lines, open] };
  }
}
