import assert from 'node:assert/strict';
import { AgentPool, type Agent } from '../../../src/run/agent-pool.ts';

const developer = (n: number): Agent => ({ id: `developer-${n}`, role: 'developer' });
const never = new AbortController().signal;

describe('AgentPool', () => {
  it('hands out free agents, the preferred one if it is free', async () => {
    const pool = new AgentPool([developer(1), developer(2), developer(3)]);
    assert.equal(
      (await pool.acquire('developer', { prefer: 'developer-2', signal: never })).id,
      'developer-2',
    );
    assert.equal(
      (await pool.acquire('developer', { prefer: 'developer-2', signal: never })).id,
      'developer-1',
    );
  });

  it('gives a returned agent to the most urgent waiter, and to the first of equals', async () => {
    const pool = new AgentPool([developer(1)]);
    const agent = await pool.acquire('developer', { signal: never });
    const order: string[] = [];
    const wait = (name: string, priority: number) =>
      pool.acquire('developer', { priority, signal: never }).then((got) => {
        order.push(name);
        pool.release(got);
      });
    const waiting = [wait('low', 1), wait('first', 5), wait('second', 5), wait('urgent', 9)];
    pool.release(agent);
    await Promise.all(waiting);
    assert.deepEqual(order, ['urgent', 'first', 'second', 'low']);
  });

  it('passes an agent on when its waiter gave up', async () => {
    const pool = new AgentPool([developer(1)]);
    const agent = await pool.acquire('developer', { signal: never });
    const giveUp = new AbortController();
    const gone = pool.acquire('developer', { priority: 9, signal: giveUp.signal });
    const patient = pool.acquire('developer', { priority: 1, signal: never });
    giveUp.abort(new Error('changed its mind'));
    await assert.rejects(gone, /changed its mind/);
    pool.release(agent);
    assert.equal((await patient).id, 'developer-1');
  });

  it('refuses at once when the signal was aborted before', async () => {
    const pool = new AgentPool([developer(1)]);
    await assert.rejects(
      pool.acquire('developer', { signal: AbortSignal.abort(new Error('too late')) }),
      /too late/,
    );
    assert.equal(
      (await pool.acquire('developer', { signal: never })).id,
      'developer-1',
      'and loses no agent',
    );
  });
});
