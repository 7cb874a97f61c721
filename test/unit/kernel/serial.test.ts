import assert from 'node:assert/strict';
import { SerialText } from '../../../src/kernel/serial.ts';

describe('serial text', () => {
  const bytes = Buffer.from('[BOOT] schön\r\n\x1b[2J\x1b[1;1HLoading\rAUTON\n\nauton> ');

  it('gives the same lines however the bytes are cut', () => {
    for (let size = 1; size <= bytes.length; size++) {
      const serial = new SerialText();
      const lines: string[] = [];
      serial.onLine((line) => lines.push(line));
      for (let at = 0; at < bytes.length; at += size) serial.append(bytes.subarray(at, at + size));
      assert.deepEqual(lines, ['[BOOT] schön', 'AUTON', '']);
      assert.equal(serial.openLine, 'auton> ');
    }
  });

  it('keeps the end of a long text and its places', () => {
    const serial = new SerialText();
    const chunk = Buffer.from(`${'x'.repeat(99_999)}\n`);
    for (let i = 0; i < 50; i++) serial.append(chunk);
    const place = serial.end;
    serial.append(Buffer.from('the end'));
    assert.equal(place, 5_000_000);
    assert.equal(serial.since(place), 'the end');
    assert.ok(serial.since(0).length <= 2 << 20);
  });
});
