import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { findProgram } from './toolchain.ts';

export interface CallChainOptions {
  /** The kernel that runs, with or without source lines in it. */
  kernel: string;
  /** GNU linker of the architecture; the rest of its tools have names of the same kind. */
  ld: string;
  env: Record<string, string | undefined>;
  /** How a file is shown, such as relative to where the user is. */
  name: (file: string) => string;
}

const DIED = /^(?:\[[ \d.]+\] )?(?:KERNEL PANIC: (?<panic>.+)|(?<exception>EXCEPTION \d+: .+))$/;
const FRAME = /^ *#(?<depth>\d+) (?<address>0x[0-9a-f]+) (?<symbol>\S+)$/;
/** Functions that only pass a defect on: the one above them in the chain is where to look. */
const MESSENGER = /^\w*(?:panic|assert)\w*(?:\+|$)/;
/** A kernel that prints frames for ever must not keep us looking them up. */
const MAX_LOOK_UPS = 200;
const LOOK_UP_TIMEOUT_MS = 5000;
const MAX_LINE = 4096;

/**
 * Adds places in the source to the call chains that a dying kernel prints, as its text comes: behind each frame, and a
 * line `file:line: kernel panic: message` for the frame at fault.
 */
export class CallChain {
  readonly #options: CallChainOptions;
  readonly #program: string | undefined;
  readonly #places = new Map<string, string | null>();
  #line = '';
  #carriageReturn = '';
  #died: { message: string; exception: boolean } | null = null;

  constructor(options: CallChainOptions) {
    this.#options = options;
    this.#program = findProgram(options.ld.replace(/ld$/, 'addr2line'), options.env);
  }

  /** The text with what there is to add, which comes with the end of a line. */
  add(text: string): string {
    const parts = (this.#carriageReturn + text).split('\n');
    const last = parts.pop() ?? '';
    let shown = '';
    for (const part of parts) {
      const line = (this.#line + part).replace(/\r+$/, '');
      shown += `${part.replace(/\r+$/, '')}${this.#note(line)}\r\n`;
      this.#line = '';
    }
    // Whether a carriage return ends the line shows with what comes next.
    this.#carriageReturn = last.endsWith('\r') ? '\r' : '';
    const open = last.slice(0, last.length - this.#carriageReturn.length);
    this.#line = (this.#line + open).slice(-MAX_LINE);
    return shown + open;
  }

  #note(line: string): string {
    const died = DIED.exec(line)?.groups;
    if (died) {
      const message = died['panic'] ?? died['exception'] ?? '';
      this.#died = { message, exception: died['exception'] !== undefined };
      return '';
    }
    const frame = FRAME.exec(line)?.groups;
    if (!frame) return '';
    const { depth = '', address = '', symbol = '' } = frame;
    // All but the instruction that raised an exception are return addresses, which lie behind their calls.
    const exact = this.#died?.exception === true && depth === '0';
    const place = this.#place(exact ? address : `0x${(BigInt(address) - 1n).toString(16)}`);
    if (place === null) return '';
    const blamed = this.#died !== null && !MESSENGER.test(symbol) ? this.#died.message : null;
    if (blamed !== null) this.#died = null;
    return ` at ${place}${blamed === null ? '' : `\r\n${place}: kernel panic: ${blamed}`}`;
  }

  #place(address: string): string | null {
    const known = this.#places.get(address);
    if (known !== undefined) return known;
    const place = this.#places.size < MAX_LOOK_UPS ? this.#lookUp(address) : null;
    this.#places.set(address, place);
    return place;
  }

  #lookUp(address: string): string | null {
    if (this.#program === undefined) return null;
    try {
      const options = { encoding: 'utf8', timeout: LOOK_UP_TIMEOUT_MS, stdio: 'pipe' } as const;
      const said = execFileSync(this.#program, ['-e', this.#options.kernel, address], options);
      const [, file, line] = /^(.+):(\d+)(?: \(.*\))?$/m.exec(said) ?? [];
      return file !== undefined && existsSync(file) ? `${this.#options.name(file)}:${line}` : null;
    } catch {
      return null; // a tool of another architecture, or a kernel that is gone: the chain shows as the kernel printed it
    }
  }
}
