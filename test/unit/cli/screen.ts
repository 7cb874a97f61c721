/** As much of a terminal as the live region uses: what a person would see after these bytes. */
export class Screen {
  cursorVisible = true;
  readonly #columns: number;
  readonly #rows: string[];
  #row = 0;
  #column = 0;

  constructor(columns: number, rows: number) {
    this.#columns = columns;
    this.#rows = Array.from({ length: rows }, () => '');
  }

  write(text: string): this {
    // eslint-disable-next-line no-control-regex -- the language of terminals
    for (const [token] of text.matchAll(/\x1b\[[?0-9;]*[A-Za-z]|[\s\S]/g)) this.#accept(token);
    return this;
  }

  /** The lines down to the last that is not empty. */
  lines(): string[] {
    const last = this.#rows.findLastIndex((row) => row.trimEnd() !== '');
    return this.#rows.slice(0, last + 1).map((row) => row.trimEnd());
  }

  #accept(token: string): void {
    if (token === '\r') this.#column = 0;
    else if (token === '\n') this.#lineFeed();
    else if (token === '\x1b[K') this.#rows[this.#row] = this.#current().slice(0, this.#column);
    else if (token === '\x1b[J') this.#clearBelow();
    else if (token.startsWith('\x1b[') && token.endsWith('A'))
      this.#row = Math.max(0, this.#row - Number.parseInt(token.slice(2), 10));
    else if (token === '\x1b[?25l' || token === '\x1b[?25h') this.cursorVisible = token.endsWith('h');
    else if (!token.startsWith('\x1b')) this.#print(token);
  }

  #current(): string {
    return this.#rows[this.#row] ?? '';
  }

  /** A terminal's driver turns a line feed into both movements. */
  #lineFeed(): void {
    this.#column = 0;
    if (this.#row < this.#rows.length - 1) {
      this.#row += 1;
      return;
    }
    this.#rows.shift();
    this.#rows.push('');
  }

  #clearBelow(): void {
    this.#rows[this.#row] = this.#current().slice(0, this.#column);
    this.#rows.fill('', this.#row + 1);
  }

  #print(character: string): void {
    if (this.#column === this.#columns) this.#lineFeed();
    const line = this.#current().padEnd(this.#column);
    this.#rows[this.#row] = line.slice(0, this.#column) + character + line.slice(this.#column + 1);
    this.#column += 1;
  }
}
