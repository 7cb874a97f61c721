import type { Cli } from '../cli.ts';
import { printable } from '../../protocol/printable.ts';

/** Prints text that comes in pieces, line by line, each as `show` has it. */
export class LogLines {
  readonly #cli: Cli;
  readonly #show: (line: string) => string;
  #rest = '';

  constructor(cli: Cli, show: (line: string) => string) {
    this.#cli = cli;
    this.#show = show;
  }

  readonly add = (text: string): void => {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#cli.print(this.#show(printable(line)));
  };

  /** Prints what has no line end. */
  end(): void {
    if (this.#rest !== '') this.add('\n');
  }
}
