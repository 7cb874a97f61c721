import assert from 'node:assert/strict';
import { retryAfterMs } from '../../../src/models/retry-after.ts';

const now = Date.parse('Fri, 01 May 2026 12:00:00 GMT');
const asked = (headers: Record<string, string>) => retryAfterMs(new Headers(headers), now);

describe('Retry-After', () => {
  it('is read as seconds, as a date and in milliseconds, the most exact first', () => {
    assert.equal(asked({ 'retry-after': '7' }), 7000);
    assert.equal(asked({ 'retry-after': '0.5' }), 500);
    assert.equal(asked({ 'retry-after': 'Fri, 01 May 2026 12:01:30 GMT' }), 90_000);
    assert.equal(asked({ 'retry-after': '7', 'retry-after-ms': '250' }), 250);
  });

  it('is no wait when the date has passed, and nothing when it makes no sense', () => {
    assert.equal(asked({ 'retry-after': 'Fri, 01 May 2026 11:00:00 GMT' }), 0);
    for (const value of ['', 'soon', '-5', '1e3x']) assert.equal(asked({ 'retry-after': value }), undefined);
    assert.equal(asked({}), undefined);
    assert.equal(retryAfterMs(undefined, now), undefined);
  });
});
