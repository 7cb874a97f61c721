import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configSchema } from '../../../src/protocol/config.ts';
import type { EventBody } from '../../../src/protocol/events.ts';
import { RunLog } from '../../../src/run/logging.ts';

describe('the logs of [logging]', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'auton-logs-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function log(settings: object = {}, redact = (text: string) => text): RunLog {
    const { logging } = configSchema.parse({ logging: settings });
    return new RunLog({ folder, run: 'r1', logging, redact, now: () => new Date('2026-03-02T10:00:00Z') });
  }
  const at = (day: string, body: EventBody) => ({ seq: 1, at: `${day}T09:00:00.000Z`, ...body });
  const notice = (level: 'info' | 'warning' | 'error', text: string): EventBody => ({
    type: 'notice',
    level,
    text,
  });
  const read = (name: string) => readFileSync(join(folder, name), 'utf8');

  it('keep a line an event, what agents do apart from what the engine does', () => {
    const logs = log();
    logs.event(
      at('2026-03-02', { type: 'task.state', task: 'alpha', state: 'failed', reason: 'it\ndoes not boot' }),
    );
    logs.event(
      at('2026-03-02', { type: 'session.ended', session: 'alpha.1.developer', agent: 'developer-1' }),
    );
    logs.close();
    assert.equal(
      read('orchestrator-2026-03-02.log'),
      '2026-03-02T09:00:00.000Z ERROR run=r1 task.state task=alpha state=failed reason="it\\ndoes not boot"\n',
    );
    assert.equal(
      read('agents-2026-03-02.log'),
      '2026-03-02T09:00:00.000Z INFO  run=r1 session.ended session=alpha.1.developer agent=developer-1\n',
    );
  });

  it('leave out what is below their level, and redact the rest', () => {
    const logs = log({ level: 'warn' }, (text) => text.replaceAll('sk-secret', '[redacted]'));
    logs.event(at('2026-03-02', notice('info', 'all is well')));
    logs.event(at('2026-03-02', notice('warning', 'the key is sk-secret')));
    logs.error(new Error('a defect'));
    logs.close();
    const text = read('orchestrator-2026-03-02.log');
    assert.match(
      text,
      /^\S+ WARN {2}run=r1 notice level=warning text="the key is \[redacted\]"\n\S+ ERROR run=r1 defect "Error: a defect/,
    );
    assert.doesNotMatch(text, /all is well/);
  });

  it('begin a file each day and delete those that are too old, and nothing else', () => {
    for (const name of [
      'orchestrator-2026-01-01.log',
      'orchestrator-2026-02-28.log',
      'orchestrator-notes.log',
      'other-2020-01-01.log',
    ])
      writeFileSync(join(folder, name), 'old\n');
    const logs = log({ retention_days: 5 });
    logs.event(at('2026-03-02', notice('info', 'one')));
    logs.event(at('2026-03-03', notice('info', 'two')));
    logs.close();
    assert.deepEqual(readdirSync(folder).sort(), [
      'orchestrator-2026-02-28.log',
      'orchestrator-2026-03-02.log',
      'orchestrator-2026-03-03.log',
      'orchestrator-notes.log',
      'other-2020-01-01.log',
    ]);
  });

  it('are no reason to stop when they cannot be written', () => {
    writeFileSync(join(folder, 'file'), '');
    const logs = log({ orchestrator_log: 'file/orchestrator.log' });
    assert.doesNotThrow(() => logs.event(at('2026-03-02', notice('info', 'one'))));
    logs.close();
  });
});
