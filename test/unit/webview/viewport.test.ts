import assert from 'node:assert/strict';
import { matcher } from '../../../webview-ui/model/filter.ts';
import { clockText, fill, oneLine, tookText } from '../../../webview-ui/model/units.ts';
import {
  centre,
  fit,
  inSight,
  keepInSight,
  reveal,
  snug,
  ZOOM,
  zoomAt,
} from '../../../webview-ui/model/viewport.ts';
import { merged, taskInfo } from './tasks.ts';

const screen = { width: 1000, height: 500 };

describe('zooming', () => {
  it('keeps what is under the pointer where it is', () => {
    const at = { x: 300, y: 200 };
    const before = { x: 50, y: -20, zoom: 0.8 };
    const after = zoomAt(before, 1.5, at);
    const under = ({ x, y, zoom }: typeof before) => [(at.x - x) / zoom, (at.y - y) / zoom].map(Math.round);
    assert.equal(after.zoom, 0.8 * 1.5);
    assert.deepEqual(under(after), under(before));
  });

  it('has an end in both directions', () => {
    const view = { x: 0, y: 0, zoom: 1 };
    assert.equal(zoomAt(view, 1e9, view).zoom, ZOOM.max);
    assert.equal(zoomAt(view, 1e-9, view).zoom, ZOOM.min);
  });

  it('shows everything in the middle, never enlarged', () => {
    const { zoom, x, y } = fit({ width: 4000, height: 500 }, screen);
    assert.ok(zoom < 0.25 && 4000 * zoom < 1000);
    assert.equal(Math.round(x + 2000 * zoom), 500);
    assert.equal(Math.round(y + 250 * zoom), 250);
    assert.equal(fit({ width: 100, height: 10 }, screen).zoom, 1);
  });
});

describe('moving the picture', () => {
  const box = { x: 0, y: 0, width: 200, height: 60 };

  it('brings a task into sight by as little as needed', () => {
    const seen = { x: 100, y: 100, zoom: 1 };
    assert.deepEqual(reveal(seen, box, screen), seen);
    assert.deepEqual(reveal({ x: -500, y: 100, zoom: 1 }, box, screen), { x: 24, y: 100, zoom: 1 });
    assert.deepEqual(reveal({ x: 990, y: 490, zoom: 1 }, box, screen), { x: 776, y: 416, zoom: 1 });
  });

  it('puts a task in the middle', () => {
    assert.deepEqual(centre({ x: 0, y: 0, zoom: 2 }, box, screen), { x: 300, y: 190, zoom: 2 });
  });

  it('never loses the picture', () => {
    const content = { width: 300, height: 300 };
    assert.deepEqual(keepInSight({ x: 9999, y: -9999, zoom: 1 }, content, screen), {
      x: 920,
      y: -220,
      zoom: 1,
    });
  });

  it('leaves no edge empty while there is more on the other side', () => {
    const content = { width: 3000, height: 100 };
    assert.deepEqual(snug({ x: 400, y: 0, zoom: 1 }, content, screen), { x: 24, y: 200, zoom: 1 });
    assert.deepEqual(snug({ x: -2900, y: 0, zoom: 1 }, content, screen), { x: -2024, y: 200, zoom: 1 });
  });

  it('knows what is in sight', () => {
    assert.deepEqual(inSight({ x: -100, y: -50, zoom: 0.5 }, screen, 0), {
      left: 200,
      top: 100,
      right: 2200,
      bottom: 1100,
    });
  });
});

describe('the filter', () => {
  const boot = taskInfo('boot', [], merged(0, 1), {
    work: [{ agent: 'developer-2', role: 'developer', task: 'boot', from: 0, to: 1 }],
  });

  it('takes all words, in id, title or agent, in any case', () => {
    assert.equal(matcher('WRITE boot', [])(boot), true);
    assert.equal(matcher('developer-2', [])(boot), true);
    assert.equal(matcher('boot developer-1', [])(boot), false);
    assert.equal(matcher('  ', [])(boot), true);
  });

  it('takes one of the chosen states', () => {
    assert.equal(matcher('', ['merged', 'failed'])(boot), true);
    assert.equal(matcher('boot', ['failed'])(boot), false);
  });
});

describe('texts', () => {
  it('are filled in, with what has no value left as it is', () => {
    assert.equal(fill('{0} of {1}, {2}', 3, 'x'), '3 of x, {2}');
    assert.equal(clockText(3_723_000), '1:02:03');
    assert.equal(clockText(59_999), '0:59');
    assert.equal(tookText(420), '0.4 s');
    assert.equal(tookText(9_990), '0:09');
  });

  it('of agents become one line that cannot turn its direction', () => {
    assert.equal(oneLine('a\u202eb\n\tc\u0007 '), 'a b c');
  });
});
