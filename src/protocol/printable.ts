import { stripVTControlCharacters } from 'node:util';

/**
 * One line that can be shown safely: what a model, a compiler or a kernel wrote may hold control sequences that
 * would move the cursor, set the title of the window or worse.
 */
export function oneLine(text: string): string {
  return printable(text).replace(/\s+/g, ' ').trim();
}

/** The same for text of several lines. */
export function printable(text: string): string {
  return (
    stripVTControlCharacters(text)
      .replace(/\r\n?/g, '\n')
      .replaceAll('\t', '    ')
      // eslint-disable-next-line no-control-regex -- they are what must go
      .replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '')
  );
}
