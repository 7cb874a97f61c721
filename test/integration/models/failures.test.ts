import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { ModelError, type ModelDelta } from '../../../src/models/client.ts';
import { anthropicProtocol, openaiProtocol } from '../../fixtures/model-server.ts';
import type { Reply } from '../../fixtures/model-server.ts';
import { Deltas, Harness, KEY, calm, request } from './harness.ts';
import type { HarnessOptions } from './harness.ts';

for (const protocol of [anthropicProtocol, openaiProtocol]) {
  describe(`failures over the ${protocol.name} protocol`, () => {
    let harness: Harness;
    const good: Reply = { body: protocol.events({ text: 'recovered' }) };
    const error = (status: number, type: string, message = type, headers = {}): Reply => ({
      status,
      headers,
      body: [protocol.error(type, message)],
    });

    beforeEach(async () => {
      harness = await Harness.start(protocol);
    });
    afterEach(() => harness.close());

    const complete = (options: HarnessOptions = {}, deltas = new Deltas()) =>
      harness.role(options).client.complete(request(), calm(), deltas.push);

    const failure = async (options: HarnessOptions = {}): Promise<ModelError> => {
      try {
        await complete(options);
      } catch (thrown) {
        if (thrown instanceof ModelError) return thrown;
        throw thrown;
      }
      return assert.fail('the call succeeded');
    };

    it('repeats after 429, 500, 529 and 408', async () => {
      for (const status of [429, 500, 529, 408]) {
        harness.server.script(error(status, 'overloaded_error'), good);
        const before = harness.server.requests.length;
        const { message } = await complete();
        assert.deepEqual(message.content, [{ type: 'text', text: 'recovered' }]);
        assert.equal(harness.server.requests.length - before, 2, `status ${status}`);
      }
    });

    it('says that it asks again, also when nothing was shown before', async () => {
      harness.server.script(error(529, 'overloaded_error', 'come back later'), good);
      const seen: ModelDelta[] = [];
      await harness.role().client.complete(request(), calm(), (delta) => seen.push(delta));
      assert.equal(seen[0]?.type, 'restart');
      assert.match((seen[0] as { reason: string }).reason, /529|overloaded|come back later/i);
    });

    it('waits as long as Retry-After says, in seconds, milliseconds or as a date', async () => {
      const inTwoSeconds = () => new Date(Date.now() + 2_000).toUTCString();
      for (const [name, value] of [
        ['retry-after', () => '1'],
        ['retry-after-ms', () => '1000'],
        ['retry-after', inTwoSeconds],
      ] as const) {
        const headers = { [name]: value() };
        harness.server.script(error(429, 'rate_limit_error', 'slow down', headers), good);
        const start = performance.now();
        await complete();
        // Only that it waited at all: the back-off of these tests is 20 ms at most. A date has whole seconds.
        assert.ok(performance.now() - start > 300, JSON.stringify(headers));
      }
    });

    it('does not wait for a provider that asks for hours', async () => {
      harness.server.script(error(429, 'rate_limit_error', 'daily limit', { 'retry-after': '7200' }));
      const { kind, message } = await failure();
      assert.equal(kind, 'overloaded');
      assert.match(message, /asks to wait 120 minutes/);
      assert.equal(harness.server.requests.length, 1);
    });

    it('gives up after the configured number of repeats and says so', async () => {
      harness.server.script(error(503, 'api_error', 'down for maintenance'));
      const { kind, status, message, remedy } = await failure({ retries: 2 });
      assert.equal(kind, 'overloaded');
      assert.equal(status, 503);
      assert.match(message, /503 after 3 attempts: down for maintenance/);
      assert.match(remedy, /resume the run/);
      assert.equal(harness.server.requests.length, 3);
    });

    it('does not repeat what is refused, and says what to do', async () => {
      const cases: [Reply, ModelError['kind'], RegExp][] = [
        [error(400, 'invalid_request_error', 'no'), 'bad_request', /llm\.model/],
        [error(401, 'authentication_error'), 'auth', /set (ANTHROPIC|OPENAI)_API_KEY/],
        [error(403, 'permission_error'), 'auth', /may not use this model/],
        [error(404, 'not_found_error', 'model: nope'), 'bad_request', /model's name/],
        [error(413, 'request_too_large'), 'bad_request', /larger context window/],
        [error(400, 'invalid_request_error', 'prompt is too long'), 'bad_request', /larger context window/],
        [error(429, 'insufficient_quota', 'You exceeded your current quota'), 'auth', /top it up/],
        [error(402, 'billing'), 'auth', /top it up/],
      ];
      for (const [reply, kind, remedy] of cases) {
        harness.server.script(reply);
        const before = harness.server.requests.length;
        const thrown = await failure();
        assert.equal(thrown.kind, kind);
        assert.equal(thrown.status, reply.status);
        assert.match(thrown.remedy, remedy);
        assert.equal(harness.server.requests.length - before, 1);
      }
    });

    it('never shows the key, even when the provider repeats it', async () => {
      for (const status of [400, 401, 500]) {
        harness.server.script(error(status, 'error', `bad key ${KEY} in ${JSON.stringify({ KEY })}`));
        const thrown = await failure({ retries: 1 });
        const everything = [
          thrown.message,
          thrown.remedy,
          thrown.stack,
          JSON.stringify(thrown),
          String(thrown.cause),
        ];
        assert.ok(!everything.join().includes(KEY));
        assert.match(thrown.message, /\[redacted\]/);
      }
    });

    it('reports an error page that is not JSON by its words', async () => {
      harness.server.script({
        status: 502,
        headers: { 'content-type': 'text/html' },
        body: ['<h1>Bad gateway</h1>'],
      });
      assert.match((await failure({ retries: 0 })).message, /502: .*Bad gateway/);
    });

    it('repeats a stream that is cut in the middle, tells the viewer, and counts what was lost', async () => {
      const events = protocol.events({ text: 'this was cut off' });
      for (const then of ['cut', 'end'] as const) {
        harness.server.script({ body: events.slice(0, 5), then }, good);
        const deltas = new Deltas();
        const { message, usage } = await complete({}, deltas);
        assert.deepEqual(message.content, [{ type: 'text', text: 'recovered' }]);
        assert.equal(deltas.restarts, 1);
        assert.equal(deltas.text, 'recovered');
        assert.ok(usage.inputTokens + usage.cacheReadTokens + usage.cacheWriteTokens > 150);
        assert.ok(usage.outputTokens > 7);
      }
    });

    it('repeats a stream cut at any event', async () => {
      const events = protocol.events({ text: 'abc', calls: [{ id: 'a', name: 't', json: '{"x":1}' }] });
      const { client } = harness.role();
      // From the event that names the reason for the end an OpenAI answer is complete, only its usage is missing.
      const complete = protocol.name === 'openai' ? events.length - 2 : events.length;
      for (let count = 0; count < complete; count++) {
        harness.server.script({ body: events.slice(0, count), then: 'cut' }, good);
        const { message } = await client.complete(request(), calm());
        assert.deepEqual(message.content, [{ type: 'text', text: 'recovered' }], `${count} events`);
      }
    });

    it('repeats a stream with a line that is not JSON', async () => {
      const broken = [
        ...protocol.events({ text: 'abc' }).slice(0, 3),
        'event: message_delta\ndata: {"type": oops\n\n',
      ];
      harness.server.script({ body: broken }, good);
      const silenced = console.error;
      console.error = () => {};
      try {
        assert.deepEqual((await complete()).message.content, [{ type: 'text', text: 'recovered' }]);
      } finally {
        console.error = silenced;
      }
    });

    it('repeats when the stream itself reports an overload, and not when it reports a refusal', async () => {
      const inStream = (type: string) =>
        protocol.name === 'anthropic'
          ? `event: error\ndata: ${protocol.error(type, 'said in the stream')}\n\n`
          : `data: ${protocol.error(type, 'said in the stream')}\n\n`;
      const head = protocol.events({ text: 'abc' }).slice(0, 3);
      harness.server.script({ body: [...head, inStream('overloaded_error')] }, good);
      assert.deepEqual((await complete()).message.content, [{ type: 'text', text: 'recovered' }]);
      harness.server.script({ body: [...head, inStream('invalid_request_error')] });
      const { kind, message } = await failure();
      assert.equal(kind, 'bad_request');
      assert.match(message, /said in the stream/);
    });

    it('gives up when nobody listens, naming the address', async () => {
      const { kind, message, remedy } = await failure({ endpoint: 'http://127.0.0.1:9', retries: 1 });
      assert.equal(kind, 'connection');
      assert.match(message, /ECONNREFUSED 127\.0\.0\.1:9/);
      assert.match(remedy, /llm\.endpoints/);
    });

    it('gives up when no first token comes, although keep-alive bytes do', async () => {
      const alive =
        protocol.name === 'anthropic' ? 'event: ping\ndata: {"type":"ping"}\n\n' : ': waiting\n\n';
      harness.server.script({ body: Array.from({ length: 50 }, () => alive), gapMs: 10, then: 'stall' });
      const { kind, message } = await failure({ retries: 0, timeouts: { first_token_seconds: 0.15 } });
      assert.equal(kind, 'timeout');
      assert.match(message, /no first token within 0\.15 s/);
    });

    it('gives up when the headers do not come', async () => {
      harness.server.script({ delayMs: 1_000, ...good });
      const { kind } = await failure({ retries: 0, timeouts: { first_token_seconds: 0.1 } });
      assert.equal(kind, 'timeout');
      await harness.server.requests[0]?.closedEarly;
    });

    it('gives up when the stream falls silent, closes the connection, and repeats', async () => {
      harness.server.script({ body: protocol.events({ text: 'abc' }).slice(0, 4), then: 'stall' }, good);
      const deltas = new Deltas();
      await complete({ timeouts: { idle_seconds: 0.1 } }, deltas);
      await harness.server.requests[0]?.closedEarly;
      assert.equal(deltas.text, 'recovered');
      const restart = deltas.all.find((delta) => delta.type === 'restart');
      assert.match(restart?.reason ?? '', /nothing more arrived within 0\.1 s/);
    });

    it('lets a stream go on that only shows signs of life', async () => {
      const events = protocol.events({ text: 'slow' });
      const alive =
        protocol.name === 'anthropic' ? 'event: ping\ndata: {"type":"ping"}\n\n' : ': thinking\n\n';
      const body = [...events.slice(0, 4), ...Array.from({ length: 20 }, () => alive), ...events.slice(4)];
      harness.server.script({ body, gapMs: 20 });
      const { message } = await complete({ retries: 0, timeouts: { idle_seconds: 0.25 } });
      assert.deepEqual(message.content, [{ type: 'text', text: 'slow' }]);
    });

    it('gives up when the connection does not come to stand', async () => {
      // Accepts the connection and never answers the encryption's first message.
      const mute = createServer(() => {});
      await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
      try {
        const endpoint = `https://127.0.0.1:${(mute.address() as AddressInfo).port}`;
        const { kind, message } = await failure({ endpoint, retries: 0, timeouts: { connect_seconds: 0.1 } });
        assert.equal(kind, 'timeout');
        assert.match(message, /no connection within 0\.1 s/);
      } finally {
        mute.close();
      }
    });

    it('does not follow a redirect with the key', async () => {
      const target = await Harness.start(protocol);
      try {
        harness.server.script({ status: 307, headers: { location: target.server.url } });
        assert.equal((await failure()).kind, 'bad_request');
        assert.equal(target.server.requests.length, 0);
      } finally {
        await target.close();
      }
    });
  });

  describe(`cancelling over the ${protocol.name} protocol`, () => {
    let harness: Harness;
    const reason = new Error('cancelled by the user');

    beforeEach(async () => {
      harness = await Harness.start(protocol);
    });
    afterEach(() => harness.close());

    it('closes the connection in the middle of the stream and rejects with the reason', async () => {
      harness.server.script({ body: protocol.events({ text: 'a long answer' }).slice(0, 4), then: 'stall' });
      const controller = new AbortController();
      const deltas: string[] = [];
      const call = harness.role().client.complete(request(), controller.signal, (delta) => {
        deltas.push(delta.type);
        setImmediate(() => controller.abort(reason));
      });
      await assert.rejects(call, (thrown) => thrown === reason);
      await harness.server.requests[0]?.closedEarly;
      assert.deepEqual([...new Set(deltas)], ['text']);
      assert.equal(harness.server.requests.length, 1);
    });

    it('closes the connection while waiting for the headers', async () => {
      harness.server.script({ delayMs: 2_000 });
      const controller = new AbortController();
      const call = harness.role().client.complete(request(), controller.signal);
      setTimeout(() => controller.abort(reason), 50);
      await assert.rejects(call, (thrown) => thrown === reason);
      await harness.server.requests[0]?.closedEarly;
    });

    it('ends the wait between two attempts', async () => {
      harness.server.script({
        status: 429,
        headers: { 'retry-after': '60' },
        body: [protocol.error('x', 'y')],
      });
      const controller = new AbortController();
      const call = harness.role().client.complete(request(), controller.signal);
      setTimeout(() => controller.abort(reason), 100);
      await assert.rejects(call, (thrown) => thrown === reason);
      assert.equal(harness.server.requests.length, 1);
    });

    it('ends the wait between two attempts, but none that is under way, when patience is at its end', async () => {
      const patience = new AbortController();
      harness.server.script(
        { status: 429, headers: { 'retry-after': '60' }, body: [protocol.error('x', 'y')] },
        { body: protocol.events({ text: 'arrived' }) },
      );
      const call = harness.role().client.complete(request(), calm(), undefined, patience.signal);
      setTimeout(() => patience.abort(reason), 100);
      await assert.rejects(call, (thrown) => thrown === reason);
      assert.equal(harness.server.requests.length, 1);
      await harness.role().client.complete(request(), calm(), undefined, patience.signal);
      assert.equal(harness.server.requests.length, 2);
    });

    it('sends nothing when it was cancelled before', async () => {
      const call = harness.role().client.complete(request(), AbortSignal.abort(reason));
      await assert.rejects(call, (thrown) => thrown === reason);
      assert.equal(harness.server.requests.length, 0);
    });

    it('leaves the next call alone', async () => {
      const { client } = harness.role();
      const controller = new AbortController();
      harness.server.script({ body: protocol.events({ text: 'abc' }).slice(0, 4), then: 'stall' });
      const first = client.complete(request(), controller.signal, () => controller.abort(reason));
      await assert.rejects(first, (thrown) => thrown === reason);
      harness.server.script({ body: protocol.events({ text: 'fine' }) });
      assert.equal((await client.complete(request(), calm())).stop, 'end');
    });
  });
}

describe('the circuit breaker', () => {
  let harness: Harness;
  const down: Reply = { status: 500, body: [openaiProtocol.error('server_error', 'down')] };
  const good: Reply = { body: openaiProtocol.events({ text: 'up again' }) };

  beforeEach(async () => {
    harness = await Harness.start(openaiProtocol);
  });
  afterEach(() => harness.close());

  it('opens for all agents of a model, spares others, and closes when the model answers again', async () => {
    const models = harness.models({ retries: 0, resilience: { breakAfter: 3, breakForMs: 200 } });
    const { client } = models.clientFor('developer');
    harness.server.script(down);
    const outcomes = await Promise.allSettled(
      Array.from({ length: 3 }, () => client.complete(request(), calm())),
    );
    assert.ok(outcomes.every((outcome) => outcome.status === 'rejected'));
    assert.equal(harness.server.requests.length, 3);

    const refused = models.clientFor('reviewer').client.complete(request(), calm());
    await assert.rejects(refused, (error) => error instanceof ModelError && error.kind === 'overloaded');
    assert.equal(harness.server.requests.length, 3, 'an open circuit sends nothing');

    harness.server.script(good);
    const other = harness.role({ model: 'openai/other-model' });
    assert.equal((await other.client.complete(request(), calm())).stop, 'end');

    await new Promise((resolve) => setTimeout(resolve, 250));
    assert.equal((await client.complete(request(), calm())).stop, 'end');
    assert.equal((await client.complete(request(), calm())).stop, 'end');
  });

  it('is waited for by calls that may be repeated', async () => {
    const models = harness.models({ retries: 4, resilience: { breakAfter: 2, breakForMs: 100 } });
    harness.server.script(down, down, good);
    const { message } = await models.clientFor('developer').client.complete(request(), calm());
    assert.deepEqual(message.content, [{ type: 'text', text: 'up again' }]);
    assert.equal(harness.server.requests.length, 3);
  });

  it('stays closed when callers are only told to slow down', async () => {
    const models = harness.models({ retries: 6, resilience: { breakAfter: 2, breakForMs: 60_000 } });
    const slowDown: Reply = { status: 429, body: [openaiProtocol.error('rate_limit', 'slow down')] };
    harness.server.script(slowDown, slowDown, slowDown, slowDown, good);
    assert.equal((await models.clientFor('developer').client.complete(request(), calm())).stop, 'end');
  });
});
