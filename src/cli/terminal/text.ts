import { stripVTControlCharacters } from 'node:util';

const segmenter = new Intl.Segmenter();
// Two columns: East Asian scripts, their full-width forms, and what is drawn as an emoji by default.
const WIDE =
  /^[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\u3000-\u303e\uff01-\uff60\uffe0-\uffe6\p{Emoji_Presentation}]/u;
const INVISIBLE = /^[\p{Mark}\p{Format}\p{Control}\p{Surrogate}\p{Default_Ignorable_Code_Point}]+$/u;
const PRINTABLE_ASCII = /^[ -~]*$/;

/** Columns a text without line breaks takes on a terminal; control sequences take none. */
export function widthOf(text: string): number {
  if (PRINTABLE_ASCII.test(text)) return text.length;
  let width = 0;
  for (const { segment } of segmenter.segment(stripVTControlCharacters(text))) width += segmentWidth(segment);
  return width;
}

function segmentWidth(segment: string): number {
  if (INVISIBLE.test(segment)) return 0;
  return WIDE.test(segment) ? 2 : 1;
}

/** Cuts unstyled text to at most `width` columns; what is cut shows as `ellipsis`. */
export function cut(text: string, width: number, ellipsis = '…'): string {
  if (widthOf(text) <= width) return text;
  const room = width - widthOf(ellipsis);
  if (room <= 0) return '.'.repeat(Math.max(0, width));
  let kept = '';
  let used = 0;
  for (const { segment } of segmenter.segment(text)) {
    used += segmentWidth(segment);
    if (used > room) break;
    kept += segment;
  }
  return kept.trimEnd() + ellipsis;
}

/** Fills up to `width` columns; styled text keeps its style. */
export function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)));
}

export function fit(text: string, width: number, ellipsis = '…'): string {
  return pad(cut(text, width, ellipsis), width);
}

/** Breaks at spaces so that no line is wider than `width`; words that are longer are broken. */
export function wrap(text: string, width: number): string[] {
  return text.split('\n').flatMap((line) => wrapLine(line, Math.max(8, width)));
}

function wrapLine(line: string, width: number): string[] {
  const lines: string[] = [];
  let current = '';
  for (const word of line.split(' ')) {
    const candidate = current === '' ? word : `${current} ${word}`;
    if (widthOf(candidate) <= width) {
      current = candidate;
      continue;
    }
    if (current !== '') lines.push(current);
    current = word;
    while (widthOf(current) > width) {
      const head = cut(current, width, '');
      lines.push(head);
      current = current.slice(head.length);
    }
  }
  return [...lines, current];
}

/** Rows in columns as wide as their widest cell; the last column is left as it is. */
export function table(rows: readonly (readonly string[])[], gap = 2): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, widthOf(cell));
  }
  return rows.map((row) =>
    row
      .map((cell, index) => (index === row.length - 1 ? cell : pad(cell, (widths[index] ?? 0) + gap)))
      .join('')
      .trimEnd(),
  );
}
