import '../../fixtures/vscode.ts';
import assert from 'node:assert/strict';
import type { TranscriptEntry } from '../../../src/agents/transcript.ts';
import { goldenIn } from '../../fixtures/golden.ts';

const { transcriptText } = await import('../../../src/extension/views/transcript-text.ts');
const assertGolden = goldenIn(import.meta.dirname);

const USAGE = { inputTokens: 2072, outputTokens: 41, cacheReadTokens: 0, cacheWriteTokens: 0 };

function lines(...entries: TranscriptEntry[]): string {
  return entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
}

describe('a transcript', () => {
  it('reads as a text: answers, calls with their results, remarks', () => {
    const text = transcriptText(
      'pmm.1.developer',
      lines(
        {
          kind: 'opening',
          system: 'You write code.',
          text: 'Write mm/pmm.c.',
          tools: ['read_file'],
          model: 'a/b',
        },
        {
          kind: 'assistant',
          turn: 0,
          message: {
            role: 'assistant',
            content: [
              { type: 'text', text: 'I write the file.' },
              {
                type: 'tool_call',
                id: 'c1',
                name: 'write_file',
                input: { path: 'mm/pmm.c', text: 'int a;\nint b;\n' },
              },
            ],
          },
          stop: 'tool_use' as never,
          usage: USAGE,
          costUsd: 0.02,
          durationMs: 1200,
          model: 'a/b',
        },
        {
          kind: 'tool_result',
          turn: 0,
          callId: 'c1',
          tool: 'write_file',
          text: 'written\u001b[31m ```x```',
          isError: false,
        },
        { kind: 'user', text: 'Use 4 KB pages.', source: 'user', message: 0 },
      ),
    );
    assertGolden('transcript', text.split('\n'));
  });

  it('leaves out a line that is still being written', () => {
    const text = transcriptText('x', `${lines({ kind: 'user', text: 'one', source: 'engine' })}{"kind":"us`);
    assert.equal(text, '# x\n\n## AUTON\n\none\n');
  });
});
