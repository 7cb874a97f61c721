/** How much of a long session's text stays in memory. */
const KEPT_CHARACTERS = 1 << 20;

// eslint-disable-next-line no-control-regex -- terminal control sequences start with ESC
const CONTROL_SEQUENCES = /\x1b(?:\[[0-?]*[ -/]*[@-~]|[@-Z\\-_c])/g;

/** What came over a serial port: whole lines for tests, the running text for prompts, which end no line. */
export class SerialText {
  #text = '';
  #dropped = 0;
  #line = '';
  readonly #decoder = new TextDecoder();
  readonly #lineListeners = new Set<(line: string) => void>();
  readonly #textListeners = new Set<(text: string) => void>();

  /** Number of characters ever received; a place in the text to search from. */
  get end(): number {
    return this.#dropped + this.#text.length;
  }

  /** A line that has not ended, for example a prompt. */
  get openLine(): string {
    return cleanLine(this.#line);
  }

  /** The text from a place on, as far as it is still kept. */
  since(place: number): string {
    return this.#text.slice(Math.max(0, place - this.#dropped));
  }

  append(bytes: Uint8Array): void {
    const text = this.#decoder.decode(bytes, { stream: true });
    this.#text += text;
    if (this.#text.length > 2 * KEPT_CHARACTERS) {
      this.#dropped += this.#text.length - KEPT_CHARACTERS;
      this.#text = this.#text.slice(-KEPT_CHARACTERS);
    }
    const lines = (this.#line + text).split('\n');
    this.#line = (lines.pop() ?? '').slice(-KEPT_CHARACTERS);
    for (const line of lines) for (const listener of this.#lineListeners) listener(cleanLine(line));
    for (const listener of this.#textListeners) listener(text);
  }

  /** Every line that ends from now on, without control sequences. Returns how to stop. */
  onLine(listener: (line: string) => void): () => void {
    this.#lineListeners.add(listener);
    return () => this.#lineListeners.delete(listener);
  }

  onText(listener: (text: string) => void): () => void {
    this.#textListeners.add(listener);
    return () => this.#textListeners.delete(listener);
  }
}

/** A carriage return inside a line starts it anew, as on a terminal. */
function cleanLine(line: string): string {
  return line.replace(CONTROL_SEQUENCES, '').replace(/\r+$/, '').replace(/^.*\r/, '');
}
