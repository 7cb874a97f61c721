import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EventBody, RunEvent } from '../../../src/protocol/events.ts';
import { EventLog, readEventLog } from '../../../src/run/event-log.ts';
import { startedEvent } from '../../fixtures/events.ts';

describe('the event log', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'auton-log-'));
    file = join(folder, 'events.jsonl');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const notice = (text: string): EventBody => ({ type: 'notice', level: 'info', text });

  async function write(...bodies: EventBody[]): Promise<RunEvent[]> {
    const durable: RunEvent[] = [];
    const log = new EventLog(file, 0, (event) => durable.push(event));
    await Promise.all(bodies.map((body) => log.append(body)));
    await log.close();
    return durable;
  }

  it('gives back what was appended, numbered without gaps', async () => {
    const durable = await write(startedEvent(), notice('one'), notice('two'));
    assert.deepEqual(readEventLog(file), durable);
    assert.deepEqual(
      durable.map(({ seq }) => seq),
      [1, 2, 3],
    );
  });

  it('shows no event before it is in the file', async () => {
    const log = new EventLog(file, 0, (event) =>
      assert.ok(readFileSync(file, 'utf8').includes(`"seq":${event.seq}`)),
    );
    await Promise.all([log.append(startedEvent()), log.append(notice('one'))]);
    await log.append(notice('two'));
    await log.close();
  });

  it('cuts off a torn last line and appends after it', async () => {
    await write(startedEvent(), notice('whole'));
    appendFileSync(file, '{"seq":3,"at":"2026');
    assert.equal(readEventLog(file).length, 2, 'reading alone ignores it');
    assert.match(readFileSync(file, 'utf8'), /2026$/, 'and changes nothing');
    assert.equal(readEventLog(file, { repair: true }).length, 2);
    const log = new EventLog(file, 2, () => undefined);
    await log.append(notice('after'));
    await log.close();
    assert.deepEqual(
      readEventLog(file).map(({ seq }) => seq),
      [1, 2, 3],
    );
  });

  it('refuses a log with a hole, a damaged line and one of another format, naming the line', async () => {
    await write(startedEvent(), notice('one'), notice('two'));
    const lines = readFileSync(file, 'utf8').split('\n');
    writeFileSync(file, [lines[0], lines[2], ''].join('\n'));
    assert.throws(() => readEventLog(file), /Line 2 of .* is damaged: it is number 3/);
    writeFileSync(file, [lines[0], 'garbage', lines[2], ''].join('\n'));
    assert.throws(() => readEventLog(file), /Line 2 of .* is damaged: it is not JSON/);
    writeFileSync(file, lines[0]!.replace('"version":1', '"version":99') + '\n');
    assert.throws(() => readEventLog(file), /is of format 99; this version reads format 1/);
  });

  it('fails every later append after one that could not be written', async function () {
    const log = new EventLog('/dev/full', 0, () => assert.fail('nothing became durable'));
    await assert.rejects(log.append(notice('one')), /cannot be written: ENOSPC/);
    await assert.rejects(log.append(notice('two')), /Free some disk space|cannot be written/);
    await log.close();
  });
});
