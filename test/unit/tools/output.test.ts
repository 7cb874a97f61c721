import assert from 'node:assert/strict';
import { cutMiddle, OutputCapture } from '../../../src/tools/output.ts';

function capture(limit: number, chunks: (string | Buffer)[]): OutputCapture {
  const output = new OutputCapture(limit);
  for (const chunk of chunks) output.push(Buffer.from(chunk));
  return output;
}

describe('OutputCapture', () => {
  it('keeps a short output as it is, however it was cut into chunks', () => {
    const text = 'first\nsecond ä\nthird';
    const bytes = Buffer.from(text);
    const chunks = Array.from({ length: bytes.length }, (_, i) => bytes.subarray(i, i + 1));
    assert.equal(capture(100, chunks).text(), text);
  });

  it('keeps the beginning and the end of a long one, cut at line ends, and counts what is left out', () => {
    const lines = Array.from({ length: 1000 }, (_, i) => `line ${String(i).padStart(4, '0')}\n`);
    const output = capture(200, lines);
    const text = output.text();
    assert.equal(output.bytes, 10_000);
    assert.match(text, /^line 0000\n/);
    assert.match(text, /line 0999\n$/);
    const leftOut = Number(/(\d+) bytes left out/.exec(text)?.[1]);
    const shown = text.match(/line \d{4}\n/g)!.length * 10;
    assert.equal(leftOut + shown, 10_000);
  });

  it('is the same for one big chunk and for many small ones', () => {
    const text = Array.from({ length: 500 }, (_, i) => `row ${i}`).join('\n');
    assert.equal(capture(300, [text]).text(), capture(300, text.split(/(?<=\n)/)).text());
  });

  it('shows bytes that are not UTF-8 as replacement characters', () => {
    assert.equal(capture(100, [Buffer.from([0x61, 0xff, 0xfe, 0x62])]).text(), 'a\uFFFD\uFFFDb');
  });

  it('keeps memory bounded while it is pushed any amount', () => {
    const output = new OutputCapture(1000);
    const chunk = Buffer.alloc(65_536, 'x');
    const before = process.memoryUsage().arrayBuffers;
    for (let i = 0; i < 4000; i++) output.push(chunk);
    assert.ok(process.memoryUsage().arrayBuffers - before < 20 * 2 ** 20);
    assert.equal(output.bytes, 4000 * 65_536);
  });
});

describe('cutMiddle', () => {
  it('leaves a text alone that fits', () => {
    assert.equal(cutMiddle('abc', 3), 'abc');
  });

  it('leaves out the middle and says how much', () => {
    const cut = cutMiddle(`start\n${'x'.repeat(5000)}\nend`, 100);
    assert.match(cut, /^start\n/);
    assert.match(cut, /\nend$/);
    assert.match(cut, /\[\.\.\. \d+ characters left out here \.\.\.\]/);
    assert.ok(cut.length < 200);
  });
});
