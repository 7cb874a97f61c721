import type { Tokenizer } from '../tokenizer/bpe.ts';
import { NAMES, type Action, type Grammar } from './grammar.ts';
import { fits, normalize } from './normalize.ts';

export interface Answer {
  /** The line as the model saw it. */
  prompt: string;
  label: string;
  /** Of the label, among all labels. */
  probability: number;
  action: string;
  text: string;
}

/** The logits behind the last of these tokens. */
export type Model = (tokens: readonly number[]) => Promise<Float32Array>;

export class DecoderError extends Error {
  override name = 'DecoderError';
}

/** In tokens; the end of a longer line is cut off, as in training. */
const MAX_PROMPT = 72;

interface Candidate {
  tokens: readonly number[];
  line: string;
  action: Action;
}

/**
 * Constrained decoding, as `SLM/auton_slm/decode.py` does it: the label by its logits, then the action token by token,
 * and the model only where the grammar allows more than one. A slot takes words of the prompt and nothing else, so that
 * an id or a name in an answer is always one that the user wrote.
 */
export class Decoder {
  readonly #model: Model;
  readonly #tokenizer: Tokenizer;
  readonly #grammar: Grammar;
  readonly #plain: ReadonlySet<string>;
  readonly #begin: number;
  readonly #say: number;
  readonly #labels: readonly (readonly [label: string, token: number])[];
  readonly #context: number;

  /** @throws DecoderError for a model that was trained on something else */
  constructor(
    model: Model,
    tokenizer: Tokenizer,
    grammar: Grammar,
    plain: ReadonlySet<string>,
    context: number,
  ) {
    const control = (piece: string) => {
      const token = tokenizer.control(piece);
      if (token === undefined)
        throw new DecoderError(`the model's vocabulary lacks ${piece}: it was not trained by this pipeline`);
      return token;
    };
    this.#model = model;
    this.#tokenizer = tokenizer;
    this.#grammar = grammar;
    this.#plain = plain;
    this.#context = context;
    this.#begin = control('<s>');
    this.#say = control('<SAY>');
    this.#labels = [...grammar.keys()].map((label) => [label, control(`<${label}>`)]);
  }

  async answer(line: string): Promise<Answer> {
    const prompt = normalize(line);
    const head = [this.#begin, ...this.#tokenizer.encode(prompt).slice(0, MAX_PROMPT)];
    const logits = await this.#model(head);
    const scores = this.#labels.map(([, token]) => logits[token]!);
    const best = scores.indexOf(Math.max(...scores));
    const sum = scores.reduce((total, score) => total + Math.exp(score - scores[best]!), 0);
    const [label, token] = this.#labels[best]!;
    const { line: action, action: chosen } = await this.#choose(
      [...head, token],
      this.#candidates(prompt, label),
    );
    return { prompt, label, probability: 1 / sum, action, text: chosen.text };
  }

  /** Every action that this label allows for this prompt. */
  #candidates(prompt: string, label: string): Candidate[] {
    const words = prompt === '' ? [] : prompt.split(' ');
    return this.#grammar.get(label)!.flatMap((action) => {
      const values = action.slot === null ? [[]] : this.#values(words, action.slot, action.span);
      return values.map((value) => {
        const said = [...action.words, ...value];
        // Pieces never cross a space.
        const tokens = [...said.flatMap((word) => this.#tokenizer.encode(word)), this.#say];
        return { tokens, line: said.join(' '), action };
      });
    });
  }

  /** What may fill the slot. A name is no plain word, unless there is nothing else. */
  #values(words: readonly string[], slot: string, span: number): string[][] {
    const all = spans(words, slot, span);
    const names = NAMES.has(slot) ? all.filter(([word]) => !this.#plain.has(word!)) : all;
    return names.length > 0 ? names : all;
  }

  async #choose(head: readonly number[], candidates: readonly Candidate[]): Promise<Candidate> {
    let live = candidates;
    for (let place = 0; ; place++) {
      const following = [...new Set(live.map(({ tokens }) => tokens[place]!))].sort((a, b) => a - b);
      let next = following[0]!;
      if (following.length > 1) {
        const said = [...head, ...live[0]!.tokens.slice(0, place)].slice(-this.#context);
        const logits = await this.#model(said);
        next = following.reduce((best, token) => (logits[token]! > logits[best]! ? token : best));
      }
      live = live.filter(({ tokens }) => tokens[place] === next);
      if (next === this.#say) return live.at(-1)!;
    }
  }
}

function spans(words: readonly string[], slot: string, span: number): string[][] {
  const found: string[][] = [];
  for (let start = 0; start < words.length; start++) {
    for (let end = start; end < Math.min(start + span, words.length) && fits(slot, words[end]!); end++)
      found.push(words.slice(start, end + 1));
  }
  return found;
}
