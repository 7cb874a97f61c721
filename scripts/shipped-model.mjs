import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const MODELS = 'SLM/models';
const NAME = 'mini_3M';

/**
 * Puts the language model that ships to where the extension finds it, with its tokenizer: the
 * exported ONNX file with its weights in bytes, since those of 4 bytes would be more than all the rest of the .vsix.
 */
export async function copyShippedModel(to) {
  rmSync(to, { recursive: true, force: true });
  mkdirSync(to, { recursive: true });
  const { packOnnx } = await load('src/slm/onnx/pack.ts');
  const file = `${NAME}-Q8_0.onnx`;
  const packed = packOnnx(readFileSync(join(MODELS, `${NAME}.onnx`)));
  writeFileSync(join(to, file), packed);
  const manifest = {
    ...JSON.parse(readFileSync(join(MODELS, `${NAME}.onnx.json`), 'utf8')),
    file,
    format: 'ONNX opset 17, Q8_0',
    bytes: packed.length,
    sha256: createHash('sha256').update(packed).digest('hex'),
    quantisation: { method: 'rtn' },
  };
  writeFileSync(join(to, `${file}.json`), `${JSON.stringify(manifest, null, 1)}\n`);
  copyFileSync(join(MODELS, `${NAME}.tokenizer.model`), join(to, `${NAME}.tokenizer.model`));
}

/** A module of the sources; a Node that does not read TypeScript builds them, too. */
async function load(entry) {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    platform: 'node',
    format: 'esm',
    write: false,
  });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].text).toString('base64')}`);
}
