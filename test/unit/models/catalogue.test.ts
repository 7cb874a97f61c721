import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assets } from '../../../src/config/assets.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { modelCatalogue, type CatalogueOptions } from '../../../src/models/catalogue.ts';
import { ModelServer } from '../../fixtures/model-server.ts';

const NOWHERE = 'http://127.0.0.1:9'; // the discard port: nothing listens

describe('modelCatalogue', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'auton-catalogue-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  async function catalogue(
    text = '',
    {
      kept = [],
      ollama = NOWHERE,
      env = {},
    }: Pick<CatalogueOptions, 'kept'> & {
      ollama?: string;
      env?: Record<string, string>;
    } = {},
  ) {
    writeFileSync(join(folder, 'auton.toml'), `${text}\n[llm.endpoints]\nollama = "${ollama}"\n`);
    const loaded = loadConfig({ folder, env });
    const found = await modelCatalogue(loaded, { playbooksFolder: assets().playbooksFolder, kept });
    const provider = (name: string) => found.providers.find((one) => one.name === name)!;
    return { ...found, provider };
  }

  it('offers current models with their prices, the default one first', async () => {
    const { provider } = await catalogue();
    for (const name of ['anthropic', 'openai', 'gemini', 'openrouter']) {
      const { models } = provider(name);
      assert.ok(models.length > 1, name);
      for (const model of models) assert.ok(model.usdPerMillion, `${model.name} has no price`);
    }
    assert.equal(provider('anthropic').models[0]?.name, 'anthropic/claude-opus-5-5');
  });

  it('chooses the shipped playbook without a key, and a model with one', async () => {
    const { model, playbooks } = await catalogue();
    assert.deepEqual(model, { name: 'playbook/reference', origin: null, missingKey: null });
    assert.ok(playbooks.some(({ name }) => name === 'reference'));
    const keyed = await catalogue('', { env: { OPENAI_API_KEY: 'sk-x' } });
    assert.equal(keyed.model.name, 'openai/gpt-6-sol');
    assert.equal(keyed.provider('openai').key?.origin, 'OPENAI_API_KEY');
  });

  it('counts keys that the caller keeps, without being told them', async () => {
    const { model, provider } = await catalogue('', { kept: ['gemini'] });
    assert.equal(model.name, 'gemini/gemini-3.8-flash');
    assert.equal(provider('gemini').key?.origin, 'kept');
    assert.equal(provider('anthropic').key?.origin, null);
  });

  it('says which chosen model lacks its key', async () => {
    const text = '[llm]\nmodel = "anthropic/x"\n[agents.models]\nreviewer = "ollama/y"\ntester = "openai/z"';
    const { model, roles } = await catalogue(text, { kept: ['openai'] });
    assert.equal(model.missingKey, 'anthropic');
    assert.match(model.origin ?? '', /auton\.toml:2$/);
    const own = new Map(roles.map((one) => [one.role, one.model]));
    assert.equal(own.get('reviewer')?.missingKey, null);
    assert.equal(own.get('tester')?.missingKey, null);
    assert.equal(own.get('developer'), null);
  });

  it('needs no key for a server of the user’s own', async () => {
    const text = '[llm]\nmodel = "openai/x"\n[llm.endpoints]\nopenai = "http://127.0.0.1:1/v1"';
    writeFileSync(join(folder, 'auton.toml'), text);
    const loaded = loadConfig({ folder, env: {} });
    const { model } = await modelCatalogue(loaded, { playbooksFolder: assets().playbooksFolder });
    assert.equal(model.missingKey, null);
  });

  it('survives a model name that means nothing, so that another one can be chosen', async () => {
    const { model } = await catalogue('[llm]\nmodel = "nobody/x"');
    assert.equal(model.name, 'nobody/x');
  });

  describe('with a local server', () => {
    let server: ModelServer;
    beforeEach(async () => {
      server = await ModelServer.start();
    });
    afterEach(() => server.close());

    it('offers what it has', async () => {
      server.script({ body: ['{"object":"list","data":[{"id":"qwen3-coder:30b"},{"id":"gemma"}]}'] });
      const { provider } = await catalogue('', { ollama: server.url });
      assert.deepEqual(
        provider('ollama').models.map(({ name }) => name),
        ['ollama/qwen3-coder:30b', 'ollama/gemma'],
      );
      assert.equal(server.requests[0]?.path, '/v1/models');
      assert.equal(provider('ollama').unreachable, false);
    });

    for (const [what, reply] of [
      ['is empty', { body: ['{"object":"list","data":null}'] }],
      ['fails', { status: 500, body: ['{"data":[]}'] }],
      ['is something else', { body: ['<html>'] }],
      ['answers with nonsense', { body: ['{"data":"no"}'] }],
    ] as const) {
      it(`offers nothing when it ${what}`, async () => {
        server.script({ ...reply, body: [...reply.body] });
        const { provider } = await catalogue('', { ollama: server.url });
        assert.deepEqual(provider('ollama').models, []);
        assert.equal(provider('ollama').unreachable, what !== 'is empty');
      });
    }

    it('says that nothing answers when it does not run', async () => {
      const { provider } = await catalogue();
      assert.equal(provider('ollama').unreachable, true);
    });
  });
});
