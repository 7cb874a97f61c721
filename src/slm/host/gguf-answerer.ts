import { readFileSync } from 'node:fs';
import { errorMessage, UserError } from '../../protocol/errors.ts';
import { readGguf } from '../gguf/reader.ts';
import { Tokenizer } from '../tokenizer/bpe.ts';
import { vocabularyOfGguf } from '../tokenizer/vocabulary.ts';
import { reporter, type Answerer } from '../answer/answerer.ts';
import { Decoder } from '../answer/decoder.ts';
import { readGrammar, readPlainWords } from '../answer/grammar.ts';
import { openHostEngine } from './host-engine.ts';

/** A GGUF model that answers lines, computed by the kernel's own engine. @throws UserError */
export async function openGgufAnswerer(options: {
  model: string;
  grammar: string;
  env: Record<string, string | undefined>;
}): Promise<Answerer & { stop(): void }> {
  const { model, grammar, env } = options;
  try {
    const file = readGguf(readFileSync(model));
    const key = (name: string) => {
      const found = file.keys.get(name);
      return found && found.type !== 'array' ? found.value : undefined;
    };
    const tokenizer = new Tokenizer(vocabularyOfGguf(file));
    const context = Number(key('llama.context_length') ?? 0);
    const engine = await openHostEngine(model, tokenizer.size, env);
    const document = readFileSync(grammar, 'utf8');
    const decoder = new Decoder(
      engine.logits,
      tokenizer,
      readGrammar(document),
      readPlainWords(document),
      context,
    );
    const parameters = file.tensors.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
    const types = [...new Set(file.tensors.filter(({ shape }) => shape.length > 1).map(({ type }) => type))];
    const name = String(key('general.name') ?? 'model');
    return {
      model: { name, parameters, context, format: `GGUF ${types.join(', ')}` },
      answer: reporter(decoder),
      stop: () => engine.stop(),
    };
  } catch (cause) {
    if (cause instanceof UserError) throw cause;
    throw new UserError(
      `The model cannot be used: ${errorMessage(cause)}.`,
      'Name a GGUF file of this pipeline. Any other Llama model answers in a kernel: `auton slm integrate`.',
      { cause },
    );
  }
}
