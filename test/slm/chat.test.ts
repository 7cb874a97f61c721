import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assets } from '../../src/config/assets.ts';
import { UserError } from '../../src/protocol/errors.ts';
import { openGgufAnswerer } from '../../src/slm/host/gguf-answerer.ts';
import { modelFile } from '../kernel/neural/models.ts';

const { slmPackage, shippedModels } = assets();

describe('a GGUF model that is asked by itself', function () {
  this.timeout(300_000);
  let folder: string;
  before(() => (folder = mkdtempSync(join(tmpdir(), 'auton-chat-'))));
  after(() => rmSync(folder, { recursive: true, force: true }));

  const open = (model: string) =>
    openGgufAnswerer({
      model,
      grammar: join(slmPackage, 'GRAMMAR.md'),
      env: { ...process.env, XDG_CACHE_HOME: folder },
    });
  async function refusal(bytes: Uint8Array): Promise<string> {
    const file = join(folder, 'model.gguf');
    writeFileSync(file, bytes);
    const error: unknown = await open(file).then(
      () => assert.fail('it was taken'),
      (reason: unknown) => reason,
    );
    if (!(error instanceof UserError)) throw error;
    return error.message;
  }

  it("chooses actions by the kernel's own engine", async () => {
    const answerer = await open(join(shippedModels, 'mini_3M-Q4_0.gguf'));
    try {
      const action = async (line: string) => (await answerer.answer(line)).action;
      assert.equal(await action('What is 8086:100E?'), 'lookup pci 8086:100e');
      assert.equal(await action('install firefox'), 'install package firefox');
      const refused = await answerer.answer('who won the world cup');
      assert.deepEqual([refused.action, refused.unsure], ['unsure', true]);
      assert.equal(
        await action('What is 8086:100E?'),
        'lookup pci 8086:100e',
        'what came before changes nothing',
      );
    } finally {
      answerer.stop();
    }
  });

  it('is refused when it is damaged, or was not made by this pipeline', async () => {
    const whole = readFileSync(join(shippedModels, 'mini_3M-Q4_0.gguf'));
    assert.match(await refusal(whole.subarray(0, 3000)), /the file is truncated/);
    const own = modelFile({ dim: 32, layers: 1, heads: 2, kvHeads: 1, ffn: 32, vocab: 300 });
    assert.match(await refusal(own), /was not trained by this pipeline/);
  });
});
