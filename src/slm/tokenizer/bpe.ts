import type { Vocabulary } from './vocabulary.ts';

/** What SentencePiece writes for a space. */
const SPACE = '▁';

/**
 * SentencePiece's byte-pair encoding, as `SLM/auton_slm/tokenizer.py` sets it up: nothing is normalised, a space comes
 * before the text, characters that no piece has become bytes. Control pieces are never made from text.
 */
export class Tokenizer {
  readonly #vocabulary: Vocabulary;
  /** Pieces that text can become. */
  readonly #ids = new Map<string, number>();
  readonly #control = new Map<string, number>();
  readonly #bytes: readonly number[];
  readonly #unknown: number;

  constructor(vocabulary: Vocabulary) {
    this.#vocabulary = vocabulary;
    const bytes: number[] = [];
    for (const [id, piece] of vocabulary.pieces.entries()) {
      const kind = vocabulary.kinds[id];
      if (kind === 'control') this.#control.set(piece, id);
      else if (kind === 'byte') bytes[Number(piece.slice(1, -1))] = id;
      else if (kind !== 'unknown') this.#ids.set(piece, id);
    }
    this.#bytes = bytes;
    this.#unknown = vocabulary.kinds.indexOf('unknown');
  }

  get size(): number {
    return this.#vocabulary.pieces.length;
  }

  /** The number of a control piece, such as `<s>`. */
  control(piece: string): number | undefined {
    return this.#control.get(piece);
  }

  encode(text: string): number[] {
    if (text === '') return [];
    return this.#merge([...`${SPACE}${text.replaceAll(' ', SPACE)}`]).flatMap((piece) => {
      const id = this.#ids.get(piece);
      return id === undefined ? this.#encodeBytes(piece) : [id];
    });
  }

  #encodeBytes(piece: string): number[] {
    return [...new TextEncoder().encode(piece)].map((byte) => this.#bytes[byte] ?? this.#unknown);
  }

  /** Joins the two neighbours whose piece has the highest score, the leftmost of several, until none are a piece. */
  #merge(symbols: string[]): string[] {
    for (;;) {
      let best = -1;
      let bestScore = Number.NEGATIVE_INFINITY;
      for (let at = 0; at + 1 < symbols.length; at++) {
        const id = this.#ids.get(symbols[at]! + symbols[at + 1]!);
        const score = id === undefined ? Number.NEGATIVE_INFINITY : this.#vocabulary.scores[id]!;
        if (score > bestScore) [best, bestScore] = [at, score];
      }
      if (best < 0) return symbols;
      symbols.splice(best, 2, symbols[best]! + symbols[best + 1]!);
    }
  }
}
