/**
 * What is done to a user's line before a model sees it: small letters, PCI and USB ids in one spelling, no punctuation
 * of sentences, one space between words. `SLM/GRAMMAR.md` says how; `SLM/auton_slm/data/normalize.py` does the same.
 */

/** A character of a word, of a decimal number, and white space, as Python's `re` and `str.split` understand them. */
const WORD = '[\\p{L}\\p{N}_]';
const WHITE = '[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]';
const BLACK = WHITE.replace('[', '[^');

/** A pattern in Python's spelling of classes; `\b` only where a letter or digit stands behind or before it. */
function pattern(source: string): RegExp {
  const text = source
    .replaceAll('[\\w', `[${WORD.slice(1, -1)}`)
    .replaceAll('\\w', WORD)
    .replaceAll('\\d', '\\p{Nd}')
    .replaceAll('\\s', WHITE)
    .replaceAll('\\S', BLACK)
    .replace(/^\\b/, `(?<!${WORD})`)
    .replace(/\\b$/, `(?!${WORD})`);
  return new RegExp(text, 'gu');
}

const HEX4 = '(?:0x)?([0-9a-f]{4})';
const ID_SPELLINGS = [
  '\\b(?:pci|usb)\\\\ven_([0-9a-f]{4})&dev_([0-9a-f]{4})\\S*',
  '\\busb\\\\vid_([0-9a-f]{4})&pid_([0-9a-f]{4})\\S*',
  '\\bpci:v0000([0-9a-f]{4})d0000([0-9a-f]{4})\\S*',
  '\\bpci([0-9a-f]{4}),([0-9a-f]{4})\\b',
  `\\bvendor (?:id |number )?${HEX4},? (?:and )?(?:device|product) (?:id |number )?${HEX4}\\b`,
  `(?<![\\w.:\\/])${HEX4}[:\\/]${HEX4}(?![\\w:\\/]|\\.\\d)`,
  '(?<![\\w.:\\/\\-])0x([0-9a-f]{4})[ \\-]0x([0-9a-f]{4})(?![\\w:\\/\\-])',
  // Without a colon or 0x a pair has to look like an id, and not like two years.
  '(?<![\\w.:\\/\\-])(?=[0-9a-f]{4}[ \\-][0-9a-f]{4}(?![\\w:\\/\\-]))(?=[0-9 \\-]*[a-f])(?=[a-f \\-]*[0-9])' +
    '([0-9a-f]{4})[ \\-]([0-9a-f]{4})(?![\\w:\\/\\-])',
  '(?:(?<=id )|(?<=device )|(?<=card ))([0-9]{4})[ \\-]([0-9]{4})(?![\\w:\\/\\-])',
].map(pattern);
const ENGLISH = /^(?:dead|beef|face|fade|cafe|babe|deed|feed|bead|added|faced|deaf|bade|abed|aced|dada)$/;
const PUNCTUATION = /[?!,;"()<>[\]{}*`]/g;
const SENTENCE_END = pattern("(?<=[\\w'])[.:]+(?=\\s|$)");
const LONELY_QUOTE = new RegExp(`(?<!${WORD})'|'(?!${WORD})`, 'gu');
const SPACES = pattern('\\s+');

export function normalize(line: string): string {
  let text = line.toLowerCase().replace(/[‘’]/g, "'");
  for (const spelling of ID_SPELLINGS) {
    text = text.replace(spelling, (whole: string, vendor: string, device: string) =>
      ENGLISH.test(vendor) && ENGLISH.test(device) ? whole : `${vendor}:${device}`,
    );
  }
  return text
    .replace(PUNCTUATION, ' ')
    .replace(SENTENCE_END, ' ')
    .replace(LONELY_QUOTE, ' ')
    .replace(SPACES, ' ')
    .replace(/^ | $/g, '');
}

/** Shapes by which a slot knows its words; the words of all other slots are any. */
const SHAPES: Readonly<Record<string, RegExp>> = Object.fromEntries(
  Object.entries({
    pci: '[0-9a-f]{4}:[0-9a-f]{4}',
    usb: '[0-9a-f]{4}:[0-9a-f]{4}',
    hex: '(?:0x)?[0-9a-f]{4}',
    slot: '(?:[0-9a-f]{4}:)?[0-9a-f]{2}:[01][0-9a-f]\\.[0-7]',
    ip: '\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}(?:\\/\\d{1,2})?',
    num: '-?(?:0x[0-9a-f]+|\\d+)',
    path: '.*\\/.*|[\\w\\-]+\\.[\\w.]+|\\w+',
    disk: '\\/dev\\/\\w+|[shv]d[a-z]\\d*|nvme\\d\\w*|mmcblk\\d\\w*',
  }).map(([slot, shape]) => [slot, new RegExp(`^(?:${pattern(shape).source})$`, 'u')]),
);

/** Whether a word of a normalised line may fill a slot. */
export function fits(slot: string, word: string): boolean {
  return SHAPES[slot]?.test(word) ?? !SHAPES['slot']!.test(word);
}
