import type { GgufFile } from '../gguf/reader.ts';
import { fieldsOf, floatOf, textOf } from '../protobuf.ts';

/** The pieces of a SentencePiece model, by their numbers. */
export interface Vocabulary {
  pieces: readonly string[];
  /** The higher, the earlier two pieces are joined to this one. */
  scores: readonly number[];
  kinds: readonly PieceKind[];
}
export type PieceKind = 'normal' | 'unknown' | 'control' | 'user' | 'unused' | 'byte';

export class VocabularyError extends Error {
  override name = 'VocabularyError';
}

/** By their numbers, which GGUF took over from SentencePiece. */
const KINDS: readonly (PieceKind | undefined)[] = [
  undefined,
  ...(['normal', 'unknown', 'control', 'user', 'unused', 'byte'] as const),
];

/** That of a `tokenizer.model` file. @throws ProtobufError, VocabularyError */
export function vocabularyOfModel(file: Uint8Array): Vocabulary {
  const pieces: string[] = [];
  const scores: number[] = [];
  const kinds: PieceKind[] = [];
  for (const { number, bytes } of fieldsOf(file)) {
    if (number !== 1) continue;
    let piece = '';
    let score = 0;
    let kind = 1;
    for (const field of fieldsOf(bytes)) {
      if (field.number === 1) piece = textOf(field.bytes);
      else if (field.number === 2) score = floatOf(field.bytes);
      else if (field.number === 3) kind = field.value;
    }
    pieces.push(piece);
    scores.push(score);
    kinds.push(kindOf(kind));
  }
  if (pieces.length === 0) throw new VocabularyError('it holds no pieces');
  return { pieces, scores, kinds };
}

/** That of a GGUF file's metadata. @throws VocabularyError */
export function vocabularyOfGguf({ keys }: Pick<GgufFile, 'keys'>): Vocabulary {
  const model = keys.get('tokenizer.ggml.model');
  if (model?.type !== 'string' || model.value !== 'llama')
    throw new VocabularyError('its tokenizer is no SentencePiece one');
  const pieces = list('tokens').map(String);
  const scores = list('scores').map(Number);
  const kinds = list('token_type').map((kind) => kindOf(Number(kind)));
  if (scores.length !== pieces.length || kinds.length !== pieces.length)
    throw new VocabularyError('pieces, scores and kinds are not equally many');
  return { pieces, scores, kinds };

  function list(name: string) {
    const value = keys.get(`tokenizer.ggml.${name}`);
    if (value?.type !== 'array') throw new VocabularyError(`tokenizer.ggml.${name} is missing`);
    return value.items;
  }
}

function kindOf(number: number): PieceKind {
  const kind = KINDS[number];
  if (!kind) throw new VocabularyError(`a piece is of the unknown kind ${number}`);
  return kind;
}
