import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { build } from 'esbuild';

/** What an editor's process loads should start at once: the engine, with all schemas, is a process of its own. */
describe('the client of the engine, bundled', () => {
  async function bundle(entryPoints: string[]): Promise<{ inputs: string[]; bytes: number }> {
    const { metafile } = await build({
      entryPoints,
      bundle: true,
      write: false,
      minify: true,
      outdir: 'unused',
      platform: 'node',
      format: 'cjs',
      external: ['vscode'],
      metafile: true,
      logLevel: 'silent',
    });
    const bytes = Object.values(metafile.outputs).reduce((sum, output) => sum + output.bytes, 0);
    return { inputs: Object.keys(metafile.inputs), bytes };
  }

  const isSchema = (input: string) =>
    input.includes('node_modules/zod/') || input.includes('protocol/schema/');

  it('brings no schemas along', async () => {
    const { inputs, bytes } = await bundle(['src/engine/client.ts']);
    console.log(`      ${bytes} bytes`);
    assert.deepEqual(inputs.filter(isSchema), []);
  });

  it('can fold events without them too, and use every table of the protocol', async () => {
    const tables = readdirSync('src/protocol').filter((name) => name.endsWith('.ts') && name !== 'config.ts');
    const { inputs } = await bundle(tables.map((name) => `src/protocol/${name}`));
    assert.deepEqual(inputs.filter(isSchema), []);
  });

  it('leaves the whole extension without any', async () => {
    const { inputs, bytes } = await bundle(['src/extension/extension.ts']);
    console.log(`      ${bytes} bytes`);
    assert.deepEqual(inputs.filter(isSchema), []);
  });
});
