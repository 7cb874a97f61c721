import assert from 'node:assert/strict';
import { renderBoard, type BoardView } from '../../../src/cli/live/board.ts';
import { ASCII, COLOURED, PLAIN, UNICODE } from '../../../src/cli/terminal/style.ts';
import { widthOf } from '../../../src/cli/terminal/text.ts';
import { foldEvents } from '../../../src/protocol/fold.ts';
import { LogBuilder, sampleRun, task, type Moment } from '../../fixtures/run-log.ts';
import { goldenIn } from '../../fixtures/golden.ts';

const assertGolden = goldenIn(import.meta.dirname);

const SERIAL = [
  'AUTON Kernel booting',
  '[BOOT] Long mode enabled',
  '[BOOT] 64-bit GDT loaded',
  '[BOOT] Interrupts initialized',
  '[MM] PMM initialized: 32512 pages free',
];

function view(moment: Moment = 'working', console = true): BoardView {
  return {
    state: foldEvents(sampleRun(moment)),
    elapsedMs: 23_456,
    console: console ? { source: 'boot, attempt 2', lines: SERIAL } : null,
    writing: new Map([['developer-2', 'I declare page_count in the header, then build again.']]),
    hint: 'Ctrl-C pauses',
  };
}

function manyTasks(count: number): BoardView {
  const log = new LogBuilder();
  log.events.push(...sampleRun('planned').slice(0, 1));
  const tasks = Array.from({ length: count }, (_, index) => task(`part-${index}`, `Write part ${index}`));
  log.add({ type: 'tasks.added', tasks, by: 'manager-1' });
  for (let index = 0; index < 40; index += 1) log.state(`part-${index}`, 'merged');
  log.state('part-41', 'running').state('part-300', 'failed', 'no progress');
  const state = foldEvents(log.events.map((event, index) => ({ ...event, seq: index + 1 })));
  return { ...view(), state, console: null };
}

describe('the live board', () => {
  const pictures: [name: string, columns: number, rows: number, view: BoardView][] = [
    ['board-80x24', 80, 24, view()],
    ['board-120x40', 120, 40, view()],
    [
      'board-planning',
      80,
      24,
      { ...view('planned', false), state: foldEvents(sampleRun('planned').slice(0, 2)) },
    ],
    ['board-narrow', 44, 20, view()],
    ['board-500-tasks', 80, 24, manyTasks(500)],
  ];
  for (const [name, columns, rows, shown] of pictures) {
    it(`looks as in ${name}.txt`, () => {
      assertGolden(name, renderBoard(shown, { columns, rows, style: PLAIN, symbols: UNICODE }));
    });
  }

  it('uses nothing but ASCII where the terminal has no more', () => {
    const lines = renderBoard(view(), { columns: 80, rows: 24, style: PLAIN, symbols: ASCII });
    assert.match(lines.join('\n'), /^[\n -~]*$/);
  });

  it('fits every terminal, coloured or not, also the smallest', () => {
    for (const shown of [view(), view('finished'), manyTasks(500)]) {
      for (const columns of [20, 33, 40, 59, 80, 100, 101, 132, 250]) {
        for (const rows of [2, 6, 10, 24, 60]) {
          for (const style of [PLAIN, COLOURED]) {
            const lines = renderBoard(shown, { columns, rows, style, symbols: UNICODE });
            assert.ok(lines.length < rows || rows < 2, `${lines.length} lines on ${rows} rows`);
            for (const line of lines) assert.ok(widthOf(line) <= columns, `${columns}: "${line}"`);
          }
        }
      }
    }
  });

  it('says in every size that the sandbox is off', () => {
    const shown = view();
    shown.state.sandbox = 'off';
    for (const columns of [40, 80, 120]) {
      const lines = renderBoard(shown, { columns, rows: 24, style: PLAIN, symbols: UNICODE });
      assert.match(lines.join('\n'), /SANDBOX OFF/);
    }
  });

  it('shows the cost against the budget, and what it does not know', () => {
    const shown = view();
    Object.assign(shown.state, { modelLabel: 'anthropic/some-model', spentUsd: 1.234, unpricedCalls: 2 });
    const lines = renderBoard(shown, { columns: 100, rows: 24, style: PLAIN, symbols: UNICODE });
    assert.match(lines.at(-1) ?? '', /cost \$1\.23 of \$50\.00 and 2 calls of unknown price/);
  });

  it('shows a question that waits for the user', () => {
    const shown = view();
    shown.state.questions.set('q7', {
      session: 's',
      agent: 'developer-1',
      question: 'Which UART?',
      answer: null,
    });
    const lines = renderBoard(shown, { columns: 100, rows: 24, style: PLAIN, symbols: UNICODE });
    assert.ok(lines.includes(' developer-1 asks (q7): Which UART?'));
  });

  it('does not let a kernel or a model send control sequences to the terminal', () => {
    const shown = view();
    shown.writing = new Map([['developer-2', '\x1b]0;title\x07\x1b[2Jhello\u202e']]);
    shown.console = { source: '\x1b[31mboot', lines: [] };
    const text = renderBoard(shown, { columns: 100, rows: 24, style: PLAIN, symbols: UNICODE }).join('\n');
    // eslint-disable-next-line no-control-regex -- they are what must not be there
    assert.doesNotMatch(text, /[\x00-\x09\x0b-\x1f\u202e]/);
    assert.match(text, /hello/);
  });
});
