import assert from 'node:assert/strict';
import { anthropicProtocol, openaiProtocol } from '../../fixtures/model-server.ts';
import type { Said } from '../../fixtures/model-server.ts';
import { Deltas, Harness, KEY, calm, request } from './harness.ts';

for (const protocol of [anthropicProtocol, openaiProtocol]) {
  describe(`streaming over the ${protocol.name} protocol`, () => {
    let harness: Harness;
    const bytesOf = (said: Said) => Buffer.from(protocol.events(said).join(''));

    beforeEach(async () => {
      harness = await Harness.start(protocol);
    });
    afterEach(() => harness.close());

    it('gives text, usage and the model that answered', async () => {
      harness.server.script({ body: protocol.events({ text: 'Größe: 4 KiB → 🧠 done' }) });
      const deltas = new Deltas();
      const response = await harness.role().client.complete(request(), calm(), deltas.push);
      assert.deepEqual(response.message.content, [{ type: 'text', text: 'Größe: 4 KiB → 🧠 done' }]);
      assert.equal(deltas.text, 'Größe: 4 KiB → 🧠 done');
      assert.ok(deltas.all.length > 2);
      assert.equal(response.stop, 'end');
      assert.match(response.model, /-test-2026$/);
      assert.equal(response.usage.outputTokens, 7);
      assert.equal(response.usage.cacheReadTokens, 20);
      const { inputTokens, cacheReadTokens, cacheWriteTokens } = response.usage;
      assert.equal(inputTokens + cacheReadTokens + cacheWriteTokens, 150);
    });

    it('gives two tool calls of one turn in order', async () => {
      const calls = [
        { id: 'a', name: 'write_file', json: '{"path":"mm/pmm.c","content":"int x; /* ü */"}' },
        { id: 'b', name: 'build_kernel', json: '{}' },
      ];
      harness.server.script({ body: protocol.events({ text: 'Two.', calls }) });
      const deltas = new Deltas();
      const { message, stop } = await harness.role().client.complete(request(), calm(), deltas.push);
      assert.deepEqual(message.content, [
        { type: 'text', text: 'Two.' },
        {
          type: 'tool_call',
          id: 'a',
          name: 'write_file',
          input: { path: 'mm/pmm.c', content: 'int x; /* ü */' },
        },
        { type: 'tool_call', id: 'b', name: 'build_kernel', input: {} },
      ]);
      assert.equal(stop, 'tool_calls');
      const named = deltas.all.flatMap((delta) => (delta.type === 'tool_call' ? [delta.name] : []));
      assert.deepEqual(named, ['write_file', 'build_kernel']);
    });

    it('is not disturbed by where the network splits the stream: at every single byte', async () => {
      const said = { text: 'ä→🧠', calls: [{ id: 'a', name: 't', json: '{"p":"ü"}' }] };
      const bytes = bytesOf(said);
      const { client } = harness.role();
      const expected = [
        { type: 'text', text: 'ä→🧠' },
        { type: 'tool_call', id: 'a', name: 't', input: { p: 'ü' } },
      ];
      for (let at = 1; at < bytes.length; at++) {
        harness.server.script({ body: [bytes.subarray(0, at), bytes.subarray(at)] });
        const { message } = await client.complete(request(), calm());
        assert.deepEqual(message.content, expected, `split at byte ${at}`);
      }
      assert.equal(harness.server.requests.length, bytes.length - 1);
    });

    it('reads a stream that comes byte by byte', async () => {
      const bytes = bytesOf({ text: 'ä→🧠' });
      harness.server.script({ body: [...bytes].map((byte) => Buffer.from([byte])) });
      const { message } = await harness.role().client.complete(request(), calm());
      assert.deepEqual(message.content, [{ type: 'text', text: 'ä→🧠' }]);
    });

    it('understands Windows line ends', async () => {
      harness.server.script({ body: [bytesOf({ text: 'hello' }).toString().replaceAll('\n', '\r\n')] });
      const { message } = await harness.role().client.complete(request(), calm());
      assert.deepEqual(message.content, [{ type: 'text', text: 'hello' }]);
    });

    it('keeps the raw text of arguments that are not JSON', async () => {
      const calls = [
        { id: 'a', name: 'write_file', json: '{"path": mm/pmm.c}' },
        { id: 'b', name: 'build_kernel', json: '' },
      ];
      harness.server.script({ body: protocol.events({ calls }) });
      const { message, stop } = await harness.role().client.complete(request(), calm());
      assert.deepEqual(message.content, [
        { type: 'tool_call', id: 'a', name: 'write_file', input: {}, malformed: '{"path": mm/pmm.c}' },
        { type: 'tool_call', id: 'b', name: 'build_kernel', input: {} },
      ]);
      assert.equal(stop, 'tool_calls');
    });

    it('shows a tool call that was cut off at the token limit as incomplete', async () => {
      for (const json of ['{"path":"a.c","content":"int ma', '']) {
        const calls = [{ id: 'a', name: 'write_file', json }];
        harness.server.script({ body: protocol.events({ text: 'x', calls, stop: 'max_tokens' }) });
        const { message, stop } = await harness.role().client.complete(request(), calm());
        assert.equal(stop, 'max_tokens');
        assert.deepEqual(message.content[1], {
          type: 'tool_call',
          id: 'a',
          name: 'write_file',
          input: {},
          malformed: json,
        });
      }
    });

    it('gives every call an id of its own when the server does not', async () => {
      const calls = ['', '', 'same', 'same'].map((id, n) => ({ id, name: `t${n}`, json: '{}' }));
      harness.server.script({ body: protocol.events({ calls }) });
      const { message } = await harness.role().client.complete(request(), calm());
      const ids = message.content.map((part) => part.type === 'tool_call' && part.id);
      assert.equal(new Set(ids).size, 4);
      assert.ok(!ids.includes(''));
    });

    it('sends the conversation with tools and results, and the key only in a header', async () => {
      harness.server.script({ body: protocol.events({ text: 'ok' }) });
      await harness.role().client.complete(
        request({
          messages: [
            { role: 'user', content: [{ type: 'text', text: 'Begin.' }] },
            {
              role: 'assistant',
              content: [
                { type: 'text', text: '  ' },
                { type: 'tool_call', id: 'a', name: 'bad name!', input: {}, malformed: '{"x' },
                { type: 'tool_call', id: 'b', name: 'write_file', input: { path: 'x' } },
              ],
            },
            {
              role: 'user',
              content: [
                { type: 'tool_result', callId: 'a', text: 'not JSON', isError: true },
                { type: 'tool_result', callId: 'b', text: '', isError: false },
                { type: 'text', text: 'half a pair: \ud83e' },
              ],
            },
            { role: 'assistant', content: [] },
            { role: 'user', content: [{ type: 'text', text: 'Go on.' }] },
          ],
        }),
        calm(),
      );
      const [seen] = harness.server.requests;
      assert.equal(seen?.path, protocol.path);
      const wire = JSON.stringify(seen.body);
      assert.ok(!wire.includes(KEY));
      assert.ok(JSON.stringify(seen.headers).includes(KEY));
      assert.ok(!wire.includes('bad name!'));
      assert.ok(wire.includes('bad_name_'));
      assert.ok(!wire.includes('\\ud83e'));
      assert.deepEqual(seen.body['messages'], CONVERSATION[protocol.name]);
    });

    it('serves eight agents at once without mixing their answers', async () => {
      const models = harness.models();
      harness.server.script(
        ...Array.from({ length: 8 }, (_, n) => ({
          body: protocol.events({ text: `answer ${n} `.repeat(20) }),
        })),
      );
      const answers = await Promise.all(
        Array.from({ length: 8 }, async () => {
          const deltas = new Deltas();
          const { message } = await models
            .clientFor('developer')
            .client.complete(request(), calm(), deltas.push);
          assert.deepEqual(message.content, [{ type: 'text', text: deltas.text }]);
          return deltas.text;
        }),
      );
      assert.equal(new Set(answers).size, 8);
      for (const answer of answers) assert.match(answer, /^(answer \d )\1{19}$/);
    });
  });
}

const CACHE = { type: 'ephemeral' };

/** How each protocol writes the conversation of the test above. */
const CONVERSATION = {
  anthropic: [
    { role: 'user', content: [{ type: 'text', text: 'Begin.' }] },
    {
      role: 'assistant',
      content: [
        { type: 'tool_use', id: 'a', name: 'bad_name_', input: {} },
        { type: 'tool_use', id: 'b', name: 'write_file', input: { path: 'x' } },
      ],
    },
    {
      role: 'user',
      content: [
        { type: 'tool_result', tool_use_id: 'a', content: 'not JSON', is_error: true },
        { type: 'tool_result', tool_use_id: 'b', content: '(empty)', is_error: false },
        { type: 'text', text: 'half a pair: \ufffd', cache_control: CACHE },
      ],
    },
    { role: 'user', content: [{ type: 'text', text: 'Go on.', cache_control: CACHE }] },
  ],
  openai: [
    { role: 'system', content: 'You build kernels.' },
    { role: 'user', content: 'Begin.' },
    {
      role: 'assistant',
      content: null,
      tool_calls: [
        { id: 'a', type: 'function', function: { name: 'bad_name_', arguments: '{}' } },
        { id: 'b', type: 'function', function: { name: 'write_file', arguments: '{"path":"x"}' } },
      ],
    },
    { role: 'tool', tool_call_id: 'a', content: 'Error: not JSON' },
    { role: 'tool', tool_call_id: 'b', content: '(empty)' },
    { role: 'user', content: 'half a pair: \ufffd' },
    { role: 'user', content: 'Go on.' },
  ],
};
