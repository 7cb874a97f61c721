import type { Point } from './layout.ts';

/** Where the picture is: a point of the graph is shown at `point * zoom + (x, y)`. */
export interface Viewport extends Point {
  zoom: number;
}
export interface Size {
  width: number;
  height: number;
}

export const ZOOM = { min: 0.005, max: 2.5, step: 1.25 } as const;
/** Below, not even the names of the tasks can be read. */
export const READABLE = 0.3;
const MARGIN = 24;

const clamp = (value: number, least: number, most: number) => Math.min(most, Math.max(least, value));

/** Zooms so that what is at `at` on the screen stays there. */
export function zoomAt(view: Viewport, factor: number, at: Point): Viewport {
  const zoom = clamp(view.zoom * factor, ZOOM.min, ZOOM.max);
  const scale = zoom / view.zoom;
  return { zoom, x: at.x - (at.x - view.x) * scale, y: at.y - (at.y - view.y) * scale };
}

/** The whole picture in the middle, not larger than it is. */
export function fit(content: Size, screen: Size): Viewport {
  const room = { width: screen.width - 2 * MARGIN, height: screen.height - 2 * MARGIN };
  const zoom = clamp(
    Math.min(room.width / Math.max(1, content.width), room.height / Math.max(1, content.height), 1),
    ZOOM.min,
    ZOOM.max,
  );
  return {
    zoom,
    x: (screen.width - content.width * zoom) / 2,
    y: (screen.height - content.height * zoom) / 2,
  };
}

/** The same zoom with this box in the middle. */
export function centre(view: Viewport, box: Point & Size, screen: Size): Viewport {
  return {
    zoom: view.zoom,
    x: screen.width / 2 - (box.x + box.width / 2) * view.zoom,
    y: screen.height / 2 - (box.y + box.height / 2) * view.zoom,
  };
}

/** Moved by as little as brings this box into sight. */
export function reveal(view: Viewport, box: Point & Size, screen: Size): Viewport {
  const shift = (at: number, length: number, room: number) => {
    if (at < MARGIN) return MARGIN - at;
    if (at + length > room - MARGIN) return Math.max(room - MARGIN - length - at, MARGIN - at);
    return 0;
  };
  const left = box.x * view.zoom + view.x;
  const top = box.y * view.zoom + view.y;
  return {
    zoom: view.zoom,
    x: view.x + shift(left, box.width * view.zoom, screen.width),
    y: view.y + shift(top, box.height * view.zoom, screen.height),
  };
}

/** Some of the picture always stays in sight, so that nobody gets lost. */
export function keepInSight(view: Viewport, content: Size, screen: Size): Viewport {
  const keep = 80;
  const within = (at: number, length: number, room: number) => clamp(at, keep - length, room - keep);
  return {
    zoom: view.zoom,
    x: within(view.x, content.width * view.zoom, screen.width),
    y: within(view.y, content.height * view.zoom, screen.height),
  };
}

/** No empty edge where there is more to see on the other side. */
export function snug(view: Viewport, content: Size, screen: Size): Viewport {
  const within = (at: number, length: number, room: number) =>
    length + 2 * MARGIN <= room ? (room - length) / 2 : clamp(at, room - length - MARGIN, MARGIN);
  return {
    zoom: view.zoom,
    x: within(view.x, content.width * view.zoom, screen.width),
    y: within(view.y, content.height * view.zoom, screen.height),
  };
}

/** A part of the graph, in its own coordinates. */
export interface Part {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

export const contains = (outer: Part, inner: Part) =>
  outer.left <= inner.left &&
  outer.top <= inner.top &&
  outer.right >= inner.right &&
  outer.bottom >= inner.bottom;

/** The part that is in sight, and so many pixels around it. */
export function inSight(view: Viewport, screen: Size, margin = 100): Part {
  return {
    left: (-view.x - margin) / view.zoom,
    top: (-view.y - margin) / view.zoom,
    right: (screen.width - view.x + margin) / view.zoom,
    bottom: (screen.height - view.y + margin) / view.zoom,
  };
}
