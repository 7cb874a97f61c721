import type { TaskState } from '../../protocol/task.ts';

export function escapeXml(value: string): string {
  const names: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return value.replace(/[&<>"']/g, (character) => names[character] ?? character);
}

/** A colour that keeps its meaning on a light and on a dark page. */
export const STATE_COLOURS: Record<TaskState, string> = {
  pending: '#9aa0a6',
  ready: '#5b8def',
  running: '#1f9bcf',
  validating: '#d59b1a',
  review: '#a35bd6',
  queued: '#3fb37f',
  merged: '#2a9d4b',
  blocked: '#c8842b',
  failed: '#d1493f',
  cancelled: '#9aa0a6',
  skipped: '#9aa0a6',
};

/** Shared by the figures: they stand alone, so each carries its style, for a light and a dark page. */
export const SVG_STYLE = `<style>
.label{font:12px system-ui,sans-serif;fill:#24292f}
.quiet{font:11px system-ui,sans-serif;fill:#6e7781}
.line{stroke:#8c959f;stroke-opacity:.5;fill:none}
.card{fill:#ffffff;fill-opacity:.6}
@media(prefers-color-scheme:dark){.label{fill:#e6edf3}.quiet{fill:#9198a1}.card{fill:#1c2128}}
</style>`;

export function svg(width: number, height: number, title: string, body: string): string {
  const size = `width="${Math.ceil(width)}" height="${Math.ceil(height)}" viewBox="0 0 ${Math.ceil(width)} ${Math.ceil(height)}"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img" aria-label="${escapeXml(title)}">${SVG_STYLE}${body}</svg>`;
}

/** Cut by characters: good enough for labels of ASCII ids, and the whole is in the tooltip. */
export function label(text: string, characters: number): string {
  return text.length <= characters ? text : `${text.slice(0, characters - 1)}…`;
}
