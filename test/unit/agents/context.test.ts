import assert from 'node:assert/strict';
import { fitContext } from '../../../src/agents/context.ts';
import type { Message } from '../../../src/models/client.ts';

function conversation(turns: number, characters: number): Message[] {
  const messages: Message[] = [{ role: 'user', content: [{ type: 'text', text: 'The task.' }] }];
  for (let turn = 0; turn < turns; turn++) {
    const callId = `c${turn}`;
    const text = `result ${turn}\n${'x'.repeat(characters)}`;
    messages.push(
      { role: 'assistant', content: [{ type: 'tool_call', id: callId, name: 'shell', input: { turn } }] },
      { role: 'user', content: [{ type: 'tool_result', callId, text, isError: false }] },
    );
  }
  return messages;
}

const sizeOf = (messages: Message[]) => JSON.stringify(messages).length;

describe('the conversation as a model is sent it', () => {
  it('is whole while it is short', () => {
    const short = conversation(10, 1000);
    assert.equal(fitContext(short), short);
  });

  it('leaves out old results when it is long, and says so in their place', () => {
    const long = conversation(100, 10_000);
    const fitted = fitContext(long);
    assert.ok(sizeOf(fitted) < 500_000, String(sizeOf(fitted)));
    assert.equal(fitted.length, long.length, 'no message is missing: every call keeps its result');
    assert.deepEqual(fitted[0], long[0], 'the task stays');
    assert.deepEqual(fitted.slice(-20), long.slice(-20), 'and what came last');
    assert.deepEqual(
      fitted.filter(({ role }) => role === 'assistant'),
      long.filter(({ role }) => role === 'assistant'),
    );
    const first = fitted[2]!.content[0]!;
    assert.ok(first.type === 'tool_result' && /^result 0\n\[\d+ characters left out/.test(first.text));
  });

  it('keeps its beginning the same from call to call, so that a prompt cache is of use', () => {
    const before = fitContext(conversation(100, 10_000));
    const after = fitContext(conversation(101, 10_000));
    const same = after.findIndex(
      (message, index) => JSON.stringify(message) !== JSON.stringify(before[index]),
    );
    assert.ok(same > 100, `the first ${same} messages are the same`);
  });
});
