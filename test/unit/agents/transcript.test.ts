import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Transcript, type AssistantEntry } from '../../../src/agents/transcript.ts';
import { NO_USAGE } from '../../../src/protocol/usage.ts';

describe('a transcript', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'auton-transcript-'));
    file = join(folder, 'sessions', 'one.1.developer.jsonl');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const answer = (turn: number, ...calls: string[]): AssistantEntry => ({
    kind: 'assistant',
    turn,
    message: {
      role: 'assistant',
      content: [
        { type: 'text', text: `turn ${turn}` },
        ...calls.map((id) => ({ type: 'tool_call' as const, id, name: 'read_file', input: {} })),
      ],
    },
    stop: calls.length > 0 ? 'tool_calls' : 'end',
    usage: NO_USAGE,
    costUsd: 0,
    durationMs: 1,
    model: 'm',
  });
  const result = (callId: string) =>
    ({ kind: 'tool_result', turn: 0, callId, tool: 'read_file', text: callId, isError: false }) as const;

  it('is there again after the process is gone, without a torn last line', () => {
    const transcript = new Transcript(file);
    transcript.append(answer(0, 'a'));
    transcript.append(result('a'));
    transcript.close();
    appendFileSync(file, '{"kind":"assistant","turn":1,"mess');
    const again = new Transcript(file);
    assert.deepEqual(again.entries, [answer(0, 'a'), result('a')]);
    again.append(answer(1));
    again.close();
    assert.deepEqual(new Transcript(file).entries.at(-1), answer(1), 'and goes on after the last whole line');
  });

  it('knows which calls of the last answer have no result yet', () => {
    const transcript = new Transcript(file);
    assert.equal(transcript.openCalls(), null);
    transcript.append(answer(0, 'a', 'b'));
    transcript.append(result('a'));
    assert.deepEqual([...(transcript.openCalls()?.answered ?? [])], ['a']);
    transcript.append(result('b'));
    assert.equal(transcript.openCalls(), null);
    transcript.close();
  });

  it('tells a model results and remarks that follow each other as one message', () => {
    const transcript = new Transcript(file);
    transcript.append({ kind: 'opening', system: 's', text: 'Begin.', tools: [], model: 'm' });
    transcript.append(answer(0, 'a', 'b'));
    transcript.append(result('a'));
    transcript.append(result('b'));
    transcript.append({ kind: 'user', source: 'user', text: 'Be brief.', message: 0 });
    assert.deepEqual(
      transcript.messages().map(({ role, content }) => [role, content.map(({ type }) => type)]),
      [
        ['user', ['text']],
        ['assistant', ['text', 'tool_call', 'tool_call']],
        ['user', ['tool_result', 'tool_result', 'text']],
      ],
    );
    transcript.close();
  });

  it('holds no secret', () => {
    const transcript = new Transcript(file, (text) => text.replaceAll('sk-secret', '[redacted]'));
    transcript.append({ kind: 'user', source: 'user', text: 'my key is sk-secret' });
    transcript.close();
    assert.match(readFileSync(file, 'utf8'), /my key is \[redacted\]/);
    assert.equal(
      transcript.entries[0]?.kind === 'user' && transcript.entries[0].text,
      'my key is [redacted]',
    );
  });
});
