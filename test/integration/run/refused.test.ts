import assert from 'node:assert/strict';
import { headerTasks } from '../../fixtures/agent-script.ts';
import { EngineFolder, PRICED_MODEL } from '../../fixtures/engine.ts';
import type { ScriptedProvider } from '../../fixtures/scripted-provider.ts';

const UNKNOWN = { status: 404, message: 'model: claude-sonet is not known' };
const WRONG_MODEL = 'anthropic/claude-sonet';

describe('a run whose model refuses', () => {
  let place: EngineFolder;
  beforeEach(() => {
    place = new EngineFolder();
  });
  afterEach(() => place.close());

  /** What the user may do to the file, with the provider still at its address. */
  const correct = (provider: ScriptedProvider, llm: Record<string, unknown>) =>
    place.configure({
      llm: { max_tokens: 1000, retries: 0, endpoints: { anthropic: provider.url }, ...llm },
    });

  it('the first request pauses, with the words of the provider, and pays for no second plan', async () => {
    const provider = await place.provider(headerTasks('one'));
    provider.interfere = () => ({ status: 400, message: 'max_tokens: 1000 is too large' });
    const run = await place.start();
    assert.equal(await run.handle.stopped, 'paused', run.story());
    assert.equal(run.state.pauseReason, 'model');
    assert.match(run.state.statusMessage, /max_tokens: 1000 is too large.*Check llm\.model/s);
    assert.equal(provider.calls.length, 1);
    provider.interfere = () => null;
    await run.handle.continue();
    assert.equal(await run.handle.stopped, 'done', run.story());
  });

  it('a later request ends the attempt: the next one says it differently', async () => {
    const provider = await place.provider(headerTasks('one'));
    let refused = 0;
    provider.interfere = ({ role, turn }) =>
      role === 'developer' && turn === 1 && refused++ === 0
        ? { status: 400, message: 'prompt is too long' }
        : null;
    provider.usage = { input: 10, output: 10 };
    const run = await place.start();
    await run.handle.stopped;
    assert.equal(refused, 1);
    assert.equal(run.task('one').attempts[0]?.outcome, 'error', run.story());
    assert.notEqual(run.state.status, 'paused');
  });

  it('goes on with the model that the configuration names when it was corrected meanwhile', async () => {
    const provider = await place.provider(headerTasks('one'), { llm: { model: WRONG_MODEL } });
    provider.interfere = () => UNKNOWN;
    const run = await place.start();
    assert.equal(await run.handle.stopped, 'paused', run.story());
    await run.handle.shutdown();
    provider.interfere = () => null;
    correct(provider, { model: PRICED_MODEL });
    const again = await place.resume();
    assert.equal(await again.handle.stopped, 'done', again.story());
    assert.match(place.state.modelLabel, new RegExp(PRICED_MODEL));
    assert.equal(place.state.agents.get('developer-1')?.model, again.state.agents.get('developer-1')?.model);
    assert.ok(again.state.spentUsd > 0, 'the price of the model that answered');
  });

  it('keeps a model that was named for the run alone, unless the configuration was changed', async () => {
    const provider = await place.provider(headerTasks('one'));
    provider.interfere = () => UNKNOWN;
    const run = await place.start({ model: WRONG_MODEL });
    assert.equal(await run.handle.stopped, 'paused', run.story());
    await run.handle.shutdown();
    const same = await place.resume();
    assert.equal(
      await same.handle.stopped,
      'paused',
      'the file names a model that works, and says so as before',
    );
    assert.match(same.state.modelLabel, /claude-sonet\b/);
    await same.handle.shutdown();
    provider.interfere = () => null;
    correct(provider, { model: PRICED_MODEL, temperature: 0.5 });
    const again = await place.resume();
    assert.equal(await again.handle.stopped, 'done', again.story());
    assert.match(place.state.modelLabel, new RegExp(PRICED_MODEL));
  });
});
