import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { CallChain } from '../../../src/kernel/call-chain.ts';

const SOURCE = `void panic(void);
void panic(void) {
    for (;;) {
    }
}
void fails(void);
void fails(void) {
    panic();
    panic();
}
`;

describe('call chain of a dying kernel', () => {
  let folder: string;
  let kernel: string;
  const address = new Map<string, bigint>();
  before(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'auton-chain-')));
    const source = join(folder, 'fails.c');
    kernel = join(folder, 'kernel.elf');
    writeFileSync(source, SOURCE);
    const flags = [
      '-g',
      '-O0',
      '-ffreestanding',
      '-nostdlib',
      '-static',
      '-Wl,-e,fails',
      '-Wl,--build-id=none',
    ];
    execFileSync('gcc', [...flags, '-o', kernel, source]);
    for (const line of execFileSync('nm', [kernel], { encoding: 'utf8' }).split('\n')) {
      const [at, , name] = line.split(' ');
      if (name !== undefined) address.set(name, BigInt(`0x${at}`));
    }
  });
  after(() => rmSync(folder, { recursive: true }));

  const chain = (image = kernel, ld = 'ld') =>
    new CallChain({ kernel: image, ld, env: process.env, name: (file) => basename(file) });
  const frame = (depth: number, name: string, offset: number) => {
    const at = (address.get(name)! + BigInt(offset)).toString(16).padStart(16, '0');
    return `  #${depth} 0x${at} ${name}+0x${offset.toString(16)}`;
  };
  /** Behind the first call, where a debugger must not look: there the second one begins. */
  const behindCall = () => {
    const code = execFileSync('objdump', ['-d', '--no-show-raw-insn', kernel], { encoding: 'utf8' });
    const calls = [...code.matchAll(/^ *([0-9a-f]+):\s+call/gm)].map(([, at]) => BigInt(`0x${at}`));
    return Number(calls[0]! + 5n - address.get('fails')!);
  };

  it('gets the lines of its frames, and one that names the place at fault', () => {
    const frames = [frame(0, 'panic', 4), frame(1, 'fails', behindCall())];
    const shown = chain().add(`KERNEL PANIC: out of luck\r\nCall chain:\r\n${frames.join('\r\n')}\r\n`);
    assert.deepEqual(shown.split('\r\n'), [
      'KERNEL PANIC: out of luck',
      'Call chain:',
      `${frames[0]} at fails.c:2`,
      `${frames[1]} at fails.c:8`,
      'fails.c:8: kernel panic: out of luck',
      '',
    ]);
  });

  it('takes the instruction of an exception as it is', () => {
    const first = frame(0, 'fails', behindCall());
    const shown = chain().add(`EXCEPTION 6: Invalid opcode, error code 0x0\r\n${first}\r\n`);
    assert.match(shown, /#0 .* at fails\.c:9\r\nfails\.c:9: kernel panic: EXCEPTION 6: Invalid opcode/);
  });

  it('comes out the same in pieces', () => {
    const text = `auton> boom\r\nKERNEL PANIC: x\r\n${frame(0, 'fails', 9)}\r\nauton> `;
    const whole = chain().add(text);
    const pieces = chain();
    assert.equal([...text].map((character) => pieces.add(character)).join(''), whole);
    assert.match(whole, /fails\.c:8: kernel panic: x/);
  });

  it('stays as the kernel printed it without debug information, kernel or tool', () => {
    const text = `KERNEL PANIC: x\r\n${frame(0, 'fails', 9)}\r\n`;
    const stripped = join(folder, 'stripped.elf');
    execFileSync('strip', ['-g', '-o', stripped, kernel]);
    assert.equal(chain(stripped).add(text), text);
    assert.equal(chain(join(folder, 'gone.elf')).add(text), text);
    assert.equal(chain(kernel, 'no-such-ld').add(text), text);
  });
});
