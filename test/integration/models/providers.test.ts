import assert from 'node:assert/strict';
import type { Message } from '../../../src/models/client.ts';
import { createModels } from '../../../src/models/models.ts';
import { configSchema } from '../../../src/protocol/config.ts';
import { ModelServer, anthropicProtocol, openaiProtocol } from '../../fixtures/model-server.ts';
import { KEY, calm, request } from './harness.ts';

/** What differs from provider to provider, as seen by their servers. */
describe('a provider', () => {
  let server: ModelServer;

  beforeEach(async () => {
    server = await ModelServer.start();
    server.script({ body: openaiProtocol.events({ text: 'ok' }) });
  });
  afterEach(() => server.close());

  const client = (model: string, llm: object) => {
    const config = configSchema.parse({ llm: { model, retries: 0, ...llm } });
    const models = createModels(config, { env: {}, playbooksFolder: 'playbooks', folder: '.' });
    return models.clientFor('developer').client;
  };
  const ask = async (model: string, llm: object, messages?: Message[]) => {
    await client(model, llm).complete(
      request({ model: model.slice(model.indexOf('/') + 1), ...(messages && { messages }) }),
      calm(),
    );
    return server.requests.at(-1) ?? assert.fail('nothing was sent');
  };

  it('openai is sent max_completion_tokens, and a temperature only where it is taken', async () => {
    const llm = { api_keys: { openai: KEY }, endpoints: { openai: `${server.url}/v1` } };
    const old = await ask('openai/gpt-4o', llm);
    assert.equal(old.path, '/v1/chat/completions');
    assert.equal(old.headers.authorization, `Bearer ${KEY}`);
    assert.equal(old.body['max_completion_tokens'], 1000);
    assert.equal(old.body['max_tokens'], undefined);
    assert.equal(old.body['temperature'], 0);
    assert.deepEqual(old.body['stream_options'], { include_usage: true });
    assert.equal((await ask('openai/gpt-6-sol', llm)).body['temperature'], undefined);
  });

  it('ollama is asked under /v1 with max_tokens', async () => {
    const seen = await ask('ollama/qwen3:32b', { endpoints: { ollama: `${server.url}/` } });
    assert.equal(seen.path, '/v1/chat/completions');
    assert.equal(seen.body['max_tokens'], 1000);
    assert.equal(seen.body['model'], 'qwen3:32b');
  });

  it('vllm is asked where it is, with its key if it has one', async () => {
    const seen = await ask('vllm/org/model', {
      endpoints: { vllm: `${server.url}/v1` },
      api_keys: { vllm: KEY },
    });
    assert.equal(seen.path, '/v1/chat/completions');
    assert.equal(seen.headers.authorization, `Bearer ${KEY}`);
    assert.equal(seen.body['model'], 'org/model');
  });

  it('openrouter keeps the slashes of its model names', async () => {
    const llm = { api_keys: { openrouter: KEY }, endpoints: { openrouter: `${server.url}/api/v1` } };
    const seen = await ask('openrouter/anthropic/claude-opus-5.5', llm);
    assert.equal(seen.path, '/api/v1/chat/completions');
    assert.equal(seen.body['model'], 'anthropic/claude-opus-5.5');
  });

  it('azure is asked for the deployment with its version, or at its newer address without one', async () => {
    const llm = (url: string) => ({ api_keys: { azure: KEY }, endpoints: { azure: url } });
    const versioned = await ask('azure/my-gpt', llm(server.url));
    assert.equal(versioned.path, '/openai/deployments/my-gpt/chat/completions?api-version=2024-10-21');
    assert.equal(versioned.headers['api-key'], KEY);
    const newer = await ask('azure/my-gpt', llm(`${server.url}/openai/v1`));
    assert.equal(newer.path, '/openai/v1/chat/completions');
    assert.equal(newer.headers['api-key'], KEY);
  });

  it('gemini gets its signatures back with the calls they belong to, and others do not', async () => {
    const signed = { google: { thought_signature: 'c2lnbmVk' } };
    const call = {
      index: 0,
      id: 'a',
      type: 'function',
      function: { name: 'write_file', arguments: '{"path":"x"}' },
      extra_content: signed,
    };
    const chunk = (delta: object, finish_reason: string | null) =>
      `data: ${JSON.stringify({ model: 'g', choices: [{ index: 0, delta, finish_reason }] })}\n\n`;
    server.script({ body: [chunk({ tool_calls: [call] }, null), chunk({}, 'stop'), 'data: [DONE]\n\n'] });
    const llm = { api_keys: { gemini: KEY }, endpoints: { gemini: `${server.url}/v1` } };
    const first = await client('gemini/gemini-3.8-flash', llm).complete(request(), calm());
    assert.equal(first.stop, 'tool_calls');
    // The server gave no usage, so it is estimated.
    assert.ok(first.usage.inputTokens > 20 && first.usage.outputTokens > 0);

    server.script({ body: openaiProtocol.events({ text: 'ok' }) });
    const messages: Message[] = [
      { role: 'user', content: [{ type: 'text', text: 'Begin.' }] },
      JSON.parse(JSON.stringify(first.message)) as Message,
      { role: 'user', content: [{ type: 'tool_result', callId: 'a', text: 'done', isError: false }] },
    ];
    const back = await ask('gemini/gemini-3.8-flash', llm, messages);
    assert.deepEqual(sentCalls(back.body), [{ ...withoutIndex(call) }]);
    const elsewhere = await ask('ollama/x', { endpoints: { ollama: server.url } }, messages);
    assert.doesNotMatch(JSON.stringify(elsewhere.body), /thought_signature/);
  });

  it('that numbers all its calls alike, or none, still gives separate calls', async () => {
    const call = (index: number | undefined, id: string) => ({
      ...(index !== undefined && { index }),
      id,
      function: { name: 'build_kernel', arguments: '{}' },
    });
    for (const calls of [
      [call(0, 'a'), call(0, 'b')],
      [call(undefined, 'a'), call(undefined, 'b')],
    ]) {
      const delta = { tool_calls: calls };
      const chunk = { model: 'm', choices: [{ index: 0, delta, finish_reason: 'stop' }] };
      server.script({ body: [`data: ${JSON.stringify(chunk)}\n\n`, 'data: [DONE]\n\n'] });
      const ollama = client('ollama/m', { endpoints: { ollama: server.url } });
      const { message } = await ollama.complete(request(), calm());
      assert.deepEqual(
        message.content.map((part) => part.type === 'tool_call' && [part.id, part.input]),
        [
          ['a', {}],
          ['b', {}],
        ],
      );
    }
  });

  it('that refuses a parameter is asked again without it, and remembered', async () => {
    const refuse = (message: string) => ({ status: 400, body: [openaiProtocol.error('invalid', message)] });
    const fine = { body: openaiProtocol.events({ text: 'ok' }) };
    server.script(
      refuse("Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."),
      refuse("'temperature' does not support 0 with this model."),
      refuse('Unknown field stream_options'),
      fine,
    );
    const vllm = client('vllm/m', { endpoints: { vllm: server.url } });
    await vllm.complete(request(), calm());
    await vllm.complete(request(), calm());
    assert.equal(server.requests.length, 5);
    for (const seen of server.requests.slice(3)) {
      assert.equal(seen.body['max_completion_tokens'], 1000);
      for (const key of ['max_tokens', 'temperature', 'stream_options']) assert.ok(!(key in seen.body), key);
    }
  });

  it('that refuses the same thing for ever is not asked for ever', async () => {
    server.script({
      status: 400,
      body: [openaiProtocol.error('invalid', 'temperature and max_completion_tokens')],
    });
    const vllm = client('vllm/m', { endpoints: { vllm: server.url } });
    await assert.rejects(vllm.complete(request(), calm()), /the request was refused/);
    assert.ok(server.requests.length <= 4);
  });

  describe('anthropic', () => {
    const llm = () => ({ api_keys: { anthropic: KEY }, endpoints: { anthropic: server.url } });

    it('is sent marks for its prompt cache on tools, system and the newest messages', async () => {
      server.script({ body: anthropicProtocol.events({ text: 'ok' }) });
      const { body, headers } = await ask('anthropic/claude-opus-5-5', llm());
      const cached = { type: 'ephemeral' };
      assert.equal(headers.authorization, `Bearer ${KEY}`);
      assert.ok(!('temperature' in body));
      assert.deepEqual(body['system'], [{ type: 'text', text: 'You build kernels.', cache_control: cached }]);
      assert.deepEqual((body['tools'] as { cache_control?: object }[]).at(-1)?.cache_control, cached);
      assert.deepEqual(body['messages'], [
        { role: 'user', content: [{ type: 'text', text: 'Begin.', cache_control: cached }] },
      ]);
      assert.equal(body['max_tokens'], 1000);
    });

    it('never gets more than the four marks it takes', async () => {
      server.script({ body: anthropicProtocol.events({ text: 'ok' }) });
      const turn = (n: number): Message[] => [
        { role: 'assistant', content: [{ type: 'tool_call', id: `c${n}`, name: 'build_kernel', input: {} }] },
        { role: 'user', content: [{ type: 'tool_result', callId: `c${n}`, text: 'ok', isError: false }] },
      ];
      const messages = [...request().messages, ...[1, 2, 3, 4, 5].flatMap(turn)];
      const { body } = await ask('anthropic/claude-opus-5-5', llm(), messages);
      assert.equal(JSON.stringify(body).split('cache_control').length - 1, 4);
    });

    it('gets its signed thinking back unchanged, in its place', async () => {
      const calls = [{ id: 'a', name: 'build_kernel', json: '{}' }];
      const thinking = { text: 'Let me think.', signature: 'c2lnbmVk' };
      server.script({ body: anthropicProtocol.events({ thinking, text: 'Building.', calls }) });
      const anthropic = client('anthropic/claude-opus-5-5', llm());
      const first = await anthropic.complete(request(), calm());
      assert.deepEqual(
        first.message.content.map((part) => part.type),
        ['text', 'tool_call'],
        'thinking is not shown',
      );
      const { body } = await ask('anthropic/claude-opus-5-5', llm(), [
        ...request().messages,
        JSON.parse(JSON.stringify(first.message)) as Message,
        { role: 'user', content: [{ type: 'tool_result', callId: 'a', text: 'ok', isError: false }] },
      ]);
      assert.deepEqual((body['messages'] as { content: object }[])[1]?.content, [
        { type: 'thinking', thinking: 'Let me think.', signature: 'c2lnbmVk' },
        { type: 'text', text: 'Building.' },
        { type: 'tool_use', id: 'a', name: 'build_kernel', input: {} },
      ]);
    });
  });
});

function sentCalls(body: Record<string, unknown>): unknown {
  const messages = body['messages'] as { tool_calls?: unknown }[];
  return messages.find((message) => message.tool_calls)?.tool_calls;
}

function withoutIndex({
  index: _,
  ...call
}: { index: number } & Record<string, unknown>): Record<string, unknown> {
  return call;
}
