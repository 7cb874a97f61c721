export interface Place {
  startIndex: number;
  length: number;
  file: string;
  line: number;
}

const PLACE = /(?<![\w./-])(?<file>[\w./+@-]+\.\w+):(?<line>\d+)/g;

/** Every `file:line` in a line of text. */
export function placesIn(text: string): Place[] {
  return [...text.matchAll(PLACE)].map((match) => ({
    startIndex: match.index,
    length: match[0].length,
    file: match.groups!['file']!,
    line: Number(match.groups!['line']),
  }));
}
