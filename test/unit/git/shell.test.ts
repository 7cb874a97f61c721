import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { runProcess } from '../../../src/git/git.ts';
import { ShellPool, type Command } from '../../../src/git/shell.ts';

const env = { PATH: process.env.PATH };
const command = (args: string[], extra: Partial<Command> = {}): Command => ({
  args,
  env: {},
  input: undefined,
  ...extra,
});

describe('running commands through an open shell', () => {
  let pool: ShellPool;
  beforeEach(() => {
    pool = new ShellPool(env);
  });
  afterEach(() => pool.close());

  it('gives what a process of its own would give', async () => {
    const everyByte = Buffer.from(Array.from({ length: 1024 }, (_, index) => index % 256));
    const commands = [
      command(['printf', '%s|', 'a b', "quo'te", '$HOME', '`x`', 'new\nline', '', '\\0']),
      command(['cat'], { input: everyByte }),
      command(['cat'], { input: Buffer.alloc(0) }),
      command(['sh', '-c', 'echo out; echo err >&2; exit 3']),
      command(['sh', '-c', 'printf "%s" "$VARIABLE"'], { env: { VARIABLE: "it's" } }),
      command(['cat']),
      command(['true'], { input: Buffer.alloc(300_000, 'x') }),
    ];
    for (const each of commands) {
      assert.deepEqual(await pool.run(each), await runProcess(each, env), each.args.join(' '));
    }
  });

  it('passes large output and input on whole', async () => {
    const input = Buffer.alloc(2_000_000, 'line\n');
    const { stdout } = await pool.run(command(['cat'], { input }));
    assert.equal(Buffer.compare(stdout, input), 0);
  });

  it('keeps the answers of commands that overlap apart', async () => {
    const words = Array.from({ length: 20 }, (_, index) => `word-${index}`);
    const results = await Promise.all(words.map((word) => pool.run(command(['echo', word]))));
    assert.deepEqual(
      results.map(({ stdout }) => stdout.toString().trim()),
      words,
    );
  });

  it('refuses a NUL byte in an argument', async () => {
    await assert.rejects(pool.run(command(['echo', 'a\0b'])), /NUL/);
  });

  it('reports a shell that is killed, and goes on with another', async () => {
    await assert.rejects(pool.run(command(['sh', '-c', 'kill -9 $PPID'])), /ended unexpectedly/);
    assert.equal((await pool.run(command(['echo', 'on']))).stdout.toString(), 'on\n');
  });

  it('does not keep the process alive', () => {
    const program = `
      import { ShellPool } from ${JSON.stringify(join(process.cwd(), 'src/git/shell.ts'))};
      const { stdout } = await new ShellPool(process.env).run({ args: ['echo', 'done'], env: {}, input: undefined });
      console.log(stdout.toString().trim());
    `;
    const args = ['--input-type=module', '--eval', program];
    assert.equal(execFileSync(process.execPath, args, { encoding: 'utf8', timeout: 200_000 }), 'done\n');
  });
});
