import { spawnSync } from 'node:child_process';
import { mkdtempSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configSchema } from '../../src/protocol/config.ts';
import { createSandbox } from '../../src/tools/sandbox/create.ts';
import { median, spread, type Figure } from './figures.ts';

const COMMANDS = 40;

/** What the sandbox adds to a command: each sandboxed one is paired with a plain one beside it. */
export async function sandboxFigures(): Promise<Figure[]> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'auton-bench-')));
  const sandbox = await createSandbox(configSchema.parse({}).sandbox, { hide: [] });
  const added: number[] = [];
  for (let i = 0; i < COMMANDS; i++) {
    const plain = timed(() => spawnSync('/bin/sh', ['-c', 'true']));
    const start = performance.now();
    await sandbox.run({
      argv: ['/bin/sh', '-c', 'true'],
      cwd: folder,
      writable: [folder],
      timeoutMs: 10_000,
    });
    added.push(performance.now() - start - plain);
  }
  return [
    {
      name: 'What the sandbox adds to a command',
      value: median(added),
      unit: 'ms',
      target: { atMost: 10 },
      note: `${COMMANDS} commands, each beside a plain one, ${spread(added, 'ms')}`,
    },
  ];
}

function timed(work: () => void): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}
