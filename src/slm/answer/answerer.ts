import { readFileSync } from 'node:fs';
import { errorMessage, UserError } from '../../protocol/errors.ts';
import { loadOnnx } from '../onnx/runtime.ts';
import { Decoder, DecoderError, type Answer } from './decoder.ts';
import { readGrammar, readPlainWords } from './grammar.ts';
import { normalize } from './normalize.ts';
import { readModel, type ModelFiles } from './model-files.ts';

/** An answer as the kernel reports it. */
export interface Reported extends Answer {
  /** What is no business of a kernel goes to TROUBLESHOOT, unsure. */
  intent: string;
  unsure: boolean;
}

const REFUSAL = 'OTHER';
/** What the kernel calls sure. */
const SURE = 0.45;

/** To a line without words, of which a model would make something all the same. */
const NOTHING: Answer = {
  ...{ prompt: '', label: REFUSAL, probability: 1, action: 'unsure' },
  text: 'There are no words in it that I could read.',
};

export interface Answerer {
  model: Omit<ModelFiles, 'onnx' | 'tokenizer'>;
  answer: (line: string) => Promise<Reported>;
}

/** A decoder's answers as the kernel reports them. */
export function reporter(decoder: Decoder): Answerer['answer'] {
  return async (line) => {
    const answer = normalize(line) === '' ? NOTHING : await decoder.answer(line);
    const unsure = answer.label === REFUSAL || answer.probability < SURE;
    return { ...answer, intent: unsure ? 'TROUBLESHOOT' : answer.label, unsure };
  };
}

/** A model that answers lines. `runtime` is the folder of ONNX Runtime's package. @throws UserError */
export async function openAnswerer(options: {
  model: string;
  grammar: string;
  runtime: string;
}): Promise<Answerer> {
  const { onnx, tokenizer, ...model } = readModel(options.model);
  const again = 'Export it again by this version: `auton slm export` writes the model and its manifest.';
  try {
    const document = readFileSync(options.grammar, 'utf8');
    const logits = await loadOnnx(options.runtime, onnx);
    const decoder = new Decoder(
      logits,
      tokenizer,
      readGrammar(document),
      readPlainWords(document),
      model.context,
    );
    return { model, answer: reporter(decoder) };
  } catch (cause) {
    const said = cause instanceof DecoderError ? cause.message : errorMessage(cause);
    throw new UserError(`The model cannot be used: ${said.replace(/\.$/, '')}.`, again, { cause });
  }
}
