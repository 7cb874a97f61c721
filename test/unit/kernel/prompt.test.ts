import assert from 'node:assert/strict';
import { ANSWERED, LOG_ABOVE_PROMPT, PROMPT_AT_END } from '../../../src/kernel/prompt.ts';

const NEWS = '\r[NET] DHCP: obtained 10.0.2.15\r\nauton> \r[NET] IP 10.0.2.15\r\nauton> ';

describe('the prompt of a kernel', () => {
  it('is there again after lines of the log that came above it', () => {
    assert.match(`auton> ${NEWS}`, PROMPT_AT_END);
  });

  it('is no answer when only lines of the log have come', () => {
    assert.doesNotMatch(NEWS, ANSWERED);
    assert.doesNotMatch(`${NEWS}up`, ANSWERED);
    assert.match(`${NEWS}uptime\r\nup 0:00:01\r\nauton> `, ANSWERED);
    assert.match('uptime\r\nup 0:00:01\r\nauton> ', ANSWERED);
    assert.match('[NET] printed by a command\r\nauton> ', ANSWERED);
  });

  it('gives back what follows those lines', () => {
    assert.equal(`${NEWS}uptime\r\n`.replace(LOG_ABOVE_PROMPT, ''), 'uptime\r\n');
  });
});
