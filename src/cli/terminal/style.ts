/** Control sequences by meaning; every one is the identity where colour is not wanted. */
export interface Style {
  bold: (text: string) => string;
  dim: (text: string) => string;
  red: (text: string) => string;
  green: (text: string) => string;
  yellow: (text: string) => string;
  blue: (text: string) => string;
  magenta: (text: string) => string;
  cyan: (text: string) => string;
  /** White on red: what must not be overlooked. */
  alarm: (text: string) => string;
}

const CODES: Record<keyof Style, [on: string, off: string]> = {
  bold: ['1', '22'],
  dim: ['2', '22'],
  red: ['31', '39'],
  green: ['32', '39'],
  yellow: ['33', '39'],
  blue: ['34', '39'],
  magenta: ['35', '39'],
  cyan: ['36', '39'],
  alarm: ['97;41', '39;49'],
};

function makeStyle(enabled: boolean): Style {
  const entries = Object.entries(CODES).map(([name, [on, off]]) => [
    name,
    (text: string) => (enabled && text !== '' ? `\x1b[${on}m${text}\x1b[${off}m` : text),
  ]);
  return Object.fromEntries(entries) as Style;
}

export const PLAIN = makeStyle(false);
export const COLOURED = makeStyle(true);

/** Marks of the states and the lines around them; the second set for terminals that show nothing but ASCII. */
export interface Symbols {
  done: string;
  failed: string;
  active: string;
  judged: string;
  ready: string;
  waiting: string;
  skipped: string;
  barDone: string;
  barLeft: string;
  box: {
    topLeft: string;
    topRight: string;
    bottomLeft: string;
    bottomRight: string;
    across: string;
    down: string;
  };
  ellipsis: string;
  separator: string;
  arrow: string;
}

export const UNICODE: Symbols = {
  done: '✓',
  failed: '✗',
  active: '●',
  judged: '◆',
  ready: '○',
  waiting: '·',
  skipped: '–',
  barDone: '━',
  barLeft: '─',
  box: { topLeft: '╭', topRight: '╮', bottomLeft: '╰', bottomRight: '╯', across: '─', down: '│' },
  ellipsis: '…',
  separator: '·',
  arrow: '→',
};

export const ASCII: Symbols = {
  done: '+',
  failed: 'x',
  active: '*',
  judged: '?',
  ready: 'o',
  waiting: '.',
  skipped: '-',
  barDone: '=',
  barLeft: '-',
  box: { topLeft: '+', topRight: '+', bottomLeft: '+', bottomRight: '+', across: '-', down: '|' },
  ellipsis: '...',
  separator: '-',
  arrow: '->',
};

type Env = Record<string, string | undefined>;
export type OutputStream = NodeJS.WritableStream & {
  isTTY?: boolean | undefined;
  columns?: number | undefined;
  rows?: number | undefined;
};

/** NO_COLOR and FORCE_COLOR are the conventions of no-color.org and Node. */
export function styleFor(stream: OutputStream, env: Env): Style {
  if (env['NO_COLOR']) return PLAIN;
  if (env['FORCE_COLOR']) return env['FORCE_COLOR'] === '0' ? PLAIN : COLOURED;
  return stream.isTTY && env['TERM'] !== 'dumb' ? COLOURED : PLAIN;
}

export function symbolsFor(env: Env): Symbols {
  const locale = env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || '';
  const terminal = env['TERM'] ?? '';
  const capable = terminal !== 'dumb' && terminal !== 'linux';
  if (process.platform === 'win32') return env['WT_SESSION'] || env['TERM_PROGRAM'] ? UNICODE : ASCII;
  return capable && (locale === '' || /utf-?8/i.test(locale)) ? UNICODE : ASCII;
}

/** A live board needs to move the cursor; without that, plain lines are written. */
export function canRedraw(stream: OutputStream, env: Env): boolean {
  return stream.isTTY === true && env['TERM'] !== 'dumb' && !env['CI'];
}
