import assert from 'node:assert/strict';
import { placesIn } from '../../../src/extension/kernel/places.ts';

const found = (text: string) =>
  placesIn(text).map(({ startIndex, length, file, line }) => {
    assert.equal(text.slice(startIndex, startIndex + length), `${file}:${line}`);
    return `${file} ${line}`;
  });

describe('places in a line of a serial terminal', () => {
  it('are files with their lines, wherever they stand', () => {
    assert.deepEqual(found('  #0 0xffff80000010a878 panic+0xa1 at kernels/x86_64/kernel/panic.c:24'), [
      'kernels/x86_64/kernel/panic.c 24',
    ]);
    assert.deepEqual(found('/home/me/k/a.c:1: see also b.h:22'), ['/home/me/k/a.c 1', 'b.h 22']);
  });

  it('are no times, addresses or devices', () => {
    for (const text of ['00:03.0 Intel 8086:100e', '[12:30:01] up', 'localhost:1234', 'auton> '])
      assert.deepEqual(found(text), [], text);
  });
});
