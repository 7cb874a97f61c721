import assert from 'node:assert/strict';
import { LiveRegion } from '../../../src/cli/terminal/live-region.ts';
import { canRedraw, styleFor, symbolsFor, ASCII, UNICODE } from '../../../src/cli/terminal/style.ts';
import { oneLine, printable } from '../../../src/protocol/printable.ts';
import { cut, table, widthOf, wrap } from '../../../src/cli/terminal/text.ts';
import { clock, dollars, duration } from '../../../src/protocol/units.ts';
import { MemoryStream } from './memory-stream.ts';
import { Screen } from './screen.ts';

describe('text on a terminal', () => {
  it('is measured in columns, not characters', () => {
    assert.equal(widthOf('kernel'), 6);
    assert.equal(widthOf('核心'), 4);
    assert.equal(widthOf('e\u0301'), 1);
    assert.equal(widthOf('👩‍👩‍👧'), 2);
    assert.equal(widthOf('\x1b[31mred\x1b[39m'), 3);
  });

  it('is cut so that it fits', () => {
    assert.equal(cut('interrupts', 6), 'inter…');
    assert.equal(cut('核心核心', 5), '核心…');
    assert.equal(cut('short', 5), 'short');
    assert.equal(cut('anything', 0), '');
  });

  it('is wrapped at spaces, and inside words that are too long', () => {
    assert.deepEqual(wrap('one two three four', 9), ['one two', 'three', 'four']);
    assert.deepEqual(wrap('a'.repeat(20), 9), ['aaaaaaaaa', 'aaaaaaaaa', 'aa']);
  });

  it('loses every control sequence and direction override of what others wrote', () => {
    assert.equal(oneLine('a\x1b[2J\x1b]0;x\x07b\nc\u202ed'), 'ab cd');
    assert.equal(printable('one\r\ntwo\x08'), 'one\ntwo');
  });

  it('stands in columns whatever its style is', () => {
    assert.deepEqual(
      table([
        ['a', 'x'],
        ['\x1b[1mlong\x1b[22m', 'y'],
      ]),
      ['a     x', '\x1b[1mlong\x1b[22m  y'],
    );
  });
});

describe('units', () => {
  it('are those people use', () => {
    assert.deepEqual([852, 1840, 48_000, 123_000, 3_720_000].map(duration), [
      '852 ms',
      '1.8 s',
      '48 s',
      '2 min 3 s',
      '1 h 2 min',
    ]);
    assert.deepEqual([0, 48_000, 3_723_000].map(clock), ['0:00', '0:48', '1:02:03']);
    assert.deepEqual([0, 0.001, 1.234].map(dollars), ['$0.00', '<$0.01', '$1.23']);
  });
});

describe('what a terminal can do', () => {
  const tty = new MemoryStream({ columns: 80, rows: 24 });
  const pipe = new MemoryStream();
  it('decides on colour: NO_COLOR and dumb terminals have none, FORCE_COLOR has it in a pipe', () => {
    const coloured = (stream: MemoryStream, env: Record<string, string>) =>
      styleFor(stream, env).red('x') !== 'x';
    assert.equal(coloured(tty, { TERM: 'xterm' }), true);
    assert.equal(coloured(pipe, {}), false);
    assert.equal(coloured(tty, { TERM: 'xterm', NO_COLOR: '1' }), false);
    assert.equal(coloured(tty, { TERM: 'dumb' }), false);
    assert.equal(coloured(pipe, { FORCE_COLOR: '1' }), true);
  });

  it('decides on redrawing and symbols', () => {
    assert.equal(canRedraw(tty, { TERM: 'xterm' }), true);
    assert.equal(canRedraw(tty, { TERM: 'dumb' }), false);
    assert.equal(canRedraw(tty, { TERM: 'xterm', CI: 'true' }), false);
    assert.equal(canRedraw(pipe, {}), false);
    assert.equal(symbolsFor({ LANG: 'C', TERM: 'xterm' }), ASCII);
    assert.equal(symbolsFor({ LANG: 'en_GB.UTF-8', TERM: 'xterm' }), UNICODE);
  });
});

describe('the live region', () => {
  it('redraws in place and lets lines scroll above it', () => {
    const stream = new MemoryStream({ columns: 20, rows: 6 });
    const region = new LiveRegion(stream);
    region.draw(['one', 'two']);
    region.draw(['one', 'TWO'], ['above 1']);
    region.draw(['only'], ['above 2']);
    assert.deepEqual(new Screen(20, 6).write(stream.text).lines(), ['above 1', 'above 2', 'only']);
  });

  it('stays where it is at the bottom of the screen', () => {
    const stream = new MemoryStream({ columns: 20, rows: 5 });
    const region = new LiveRegion(stream);
    for (let index = 0; index < 20; index += 1) region.draw(['a', `frame ${index}`, 'c'], [`line ${index}`]);
    assert.deepEqual(new Screen(20, 5).write(stream.text).lines(), ['line 19', 'a', 'frame 19', 'c']);
  });

  it('writes only the lines that changed', () => {
    const stream = new MemoryStream({ columns: 20, rows: 6 });
    const region = new LiveRegion(stream);
    region.draw(['constant', 'first']);
    stream.text = '';
    region.draw(['constant', 'second']);
    assert.doesNotMatch(stream.text, /constant/);
    assert.match(stream.text, /second/);
  });

  it('leaves nothing behind, and the cursor visible', () => {
    const stream = new MemoryStream({ columns: 20, rows: 6 });
    const region = new LiveRegion(stream);
    region.draw(['one', 'two', 'three']);
    region.clear();
    const screen = new Screen(20, 6).write(stream.text);
    assert.deepEqual(screen.lines(), []);
    assert.equal(screen.cursorVisible, true);
  });
});
