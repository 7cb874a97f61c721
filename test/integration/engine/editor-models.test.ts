import assert from 'node:assert/strict';
import type { EngineClient } from '../../../src/engine/client.ts';
import {
  EditorModelError,
  type EditorModelAnswer,
  type EditorModelHandler,
  type EditorModelRequest,
} from '../../../src/protocol/editor-models.ts';
import { ROLES } from '../../../src/protocol/roles.ts';
import { ROLE_PROFILES } from '../../../src/agents/roles.ts';
import { headerTasks, stepsOf, type AgentScript } from '../../fixtures/agent-script.ts';
import { EngineFolder, GOAL } from '../../fixtures/engine.ts';
import { Engines, Follower, until } from '../../fixtures/engine-process.ts';

const EDITOR = { client: { kind: 'editor', languageModels: true } } as const;

/** What a model of an editor would say: the script of a test, found by what the prompt says. */
function answersOf(script: AgentScript): EditorModelHandler {
  return async (request, onText) => {
    const { system, messages } = request;
    const role = ROLES.find((name) => system.startsWith(`You are the ${ROLE_PROFILES[name].title} `))!;
    const opening = messages[0]!.content.map((part) => ('text' in part ? part.text : '')).join('\n');
    const task = /^Task (\S+):/m.exec(opening)?.[1] ?? 'plan';
    const turn = messages.filter((message) => message.role === 'assistant').length;
    const { text = '', calls = [] } = stepsOf(script, { role, task, attempt: 1 })?.[turn] ?? {};
    for (const word of text.split(/(?<= )/)) onText(word);
    const content: EditorModelAnswer['content'] = [{ type: 'text', text }];
    for (const [index, [name, input]] of calls.entries())
      content.push({ type: 'tool_call', id: `call_${turn}_${index}`, name, input });
    return { content, model: 'copilot/gpt-6', usage: { inputTokens: 100, outputTokens: 10 } };
  };
}

describe('the language models of an editor', () => {
  let place: EngineFolder;
  const engines = new Engines();
  beforeEach(() => {
    place = new EngineFolder({ settings: { llm: { model: 'vscode/copilot/gpt-6' } } });
  });
  afterEach(async () => {
    await engines.end();
    await place.close();
  });

  const editor = () => engines.ensure(place.folder, { env: place.env, ...EDITOR });

  async function run(client: EngineClient): Promise<Follower> {
    const follower = new Follower(client);
    await client.startRun({ goal: GOAL });
    return follower.follow();
  }

  it('play every agent of a run, with tools, streamed text and an unknown price', async () => {
    const client = await editor();
    const seen: EditorModelRequest[] = [];
    const answer = answersOf(headerTasks('one'));
    client.onModelRequest((request, ...rest) => {
      seen.push(request);
      return answer(request, ...rest);
    });
    const follower = new Follower(client);
    let text = '';
    await client.startRun({ goal: GOAL });
    await client.subscribe({
      onEvent: (event) => follower.see(event),
      onOutput: (output) => (text += output.kind === 'text' ? output.text : ''),
    });
    assert.equal(await follower.outcome(), 'done', follower.story());
    assert.ok(seen.every(({ model, tools }) => model === 'copilot/gpt-6' && tools.length > 0));
    assert.ok(
      seen.some(({ messages }) => messages.some(({ content }) => content[0]?.type === 'tool_result')),
    );
    assert.match(text, /one is there\./, 'what the model writes shows as it comes');
    const { modelLabel, spentUsd, unpricedCalls, usage } = follower.state;
    assert.deepEqual([modelLabel, spentUsd, unpricedCalls], ['vscode/copilot/gpt-6', 0, seen.length]);
    assert.equal(usage.inputTokens, 100 * seen.length);
  });

  it('pause the run when no editor is there, and the run goes on with one', async () => {
    const alone = await engines.ensure(place.folder, { env: place.env });
    const first = await run(alone);
    assert.equal(await first.outcome(), 'paused', first.story());
    assert.equal(place.state.pauseReason, 'model');
    assert.match(place.state.statusMessage, /No editor is connected[\s\S]*Open this folder in the editor/);
    const client = await editor();
    client.onModelRequest(answersOf(headerTasks('one')));
    const second = new Follower(client);
    await client.resumeRun();
    await second.follow();
    assert.equal(await second.outcome(), 'done', second.story());
  });

  it('are asked again in the editor that comes back after the first went away in the middle', async () => {
    const client = await editor();
    const watcher = await engines.connect(place.folder);
    let asked = 0;
    client.onModelRequest((_, onText) => {
      asked += 1;
      onText('I begin to');
      return new Promise(() => undefined);
    });
    const follower = await run(watcher);
    await until(() => asked === 1, 'the editor is not asked');
    client.dispose();
    await follower.event(
      (event) => event.type === 'notice' && /went away before it answered/.test(event.text),
      'a notice of another try',
    );
    const other = await editor();
    other.onModelRequest(answersOf(headerTasks('one')));
    assert.equal(await follower.outcome(), 'done', follower.story());
  });

  it('are told when the answer is not needed any more', async () => {
    const client = await editor();
    const aborted: string[] = [];
    let asked = 0;
    client.onModelRequest((_, __, signal) => {
      asked += 1;
      return new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          aborted.push((signal.reason as Error).message);
          reject(signal.reason as Error);
        });
      });
    });
    await run(client);
    await until(() => asked === 1, 'the editor is not asked');
    await client.cancel();
    await until(() => aborted.length === 1, 'the editor is not told');
    assert.match(aborted[0]!, /does not need/);
    assert.equal(place.state.status, 'cancelled');
  });

  const failures = [
    ['no_permission', /access was refused: not allowed[\s\S]*Let AUTON use/],
    ['not_found', /not allowed[\s\S]*Select Models/],
  ] as const;
  for (const [kind, message] of failures) {
    it(`pause the run with what the user can do about ${kind}`, async () => {
      const client = await editor();
      client.onModelRequest(() => Promise.reject(new EditorModelError(kind, 'not allowed')));
      const follower = await run(client);
      assert.equal(await follower.outcome(), 'paused', follower.story());
      assert.equal(place.state.pauseReason, 'model');
      assert.match(place.state.statusMessage, message);
    });
  }

  it('are not believed when what they answer is none', async () => {
    place.configure({ llm: { model: 'vscode/copilot/gpt-6', retries: 0 } });
    const client = await editor();
    client.onModelRequest(() => Promise.resolve({ content: 'yes' } as unknown as EditorModelAnswer));
    const follower = await run(client);
    assert.equal(await follower.outcome(), 'paused', follower.story());
    assert.match(place.state.statusMessage, /the editor's answer is none: content/);
  });
});
