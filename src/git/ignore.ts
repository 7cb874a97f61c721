/** One line of a file of ignore patterns. */
interface Rule {
  negated: boolean;
  foldersOnly: boolean;
  /** Matched against the name alone, or against the path below the file's folder. */
  nameOnly: boolean;
  matches: RegExp;
}

/** The rules of one file, the last that matches decides. */
export interface IgnoreFile {
  /** The folder that its patterns are relative to, with a slash at the end; empty for the top. */
  folder: string;
  rules: Rule[];
}

/**
 * Reads ignore patterns as gitignore(5) has them. Null when a line uses what only git should judge: escapes, single
 * characters and sets of them, two stars that are not a whole part of the path.
 */
export function readIgnoreFile(text: string, folder: string): IgnoreFile | null {
  const rules: Rule[] = [];
  for (const line of text.split('\n')) {
    const pattern = line.replace(/ +$/, '');
    if (pattern === '' || pattern.startsWith('#')) continue;
    const rule = readRule(pattern);
    if (!rule) return null;
    rules.push(rule);
  }
  return { folder, rules };
}

/** Whether a path is ignored by these files, those of deeper folders last; its folders are not looked at. */
export function isIgnored(path: string, isFolder: boolean, files: readonly IgnoreFile[]): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1);
  for (let i = files.length - 1; i >= 0; i -= 1) {
    const { folder, rules } = files[i]!;
    const below = path.slice(folder.length);
    const rule = rules.findLast(
      ({ foldersOnly, nameOnly, matches }) =>
        (isFolder || !foldersOnly) && matches.test(nameOnly ? name : below),
    );
    if (rule) return !rule.negated;
  }
  return false;
}

function readRule(pattern: string): Rule | null {
  if (/[\\[\]?\r\ufeff\ufffd]/.test(pattern)) return null;
  const negated = pattern.startsWith('!');
  const foldersOnly = pattern.endsWith('/');
  const body = pattern.slice(negated ? 1 : 0, foldersOnly ? -1 : undefined);
  const nameOnly = !body.includes('/');
  const parts = body.replace(/^\//, '').split('/');
  if (parts.some((part) => part === '' || (part.includes('**') && part !== '**'))) return null;
  // Only a leading, a middle or a last pair of stars between slashes spans folders.
  if (parts.includes('**') && (nameOnly || foldersOnly || parts.at(-1) === '**')) return null;
  const source = parts.map((part) =>
    part === '**' ? '(?:.*/)?' : `${part.replace(/[.+^${}()|*]/g, glob)}/`,
  );
  return { negated, foldersOnly, nameOnly, matches: new RegExp(`^${source.join('').slice(0, -1)}$`, 's') };
}

function glob(char: string): string {
  return char === '*' ? '[^/]*' : `\\${char}`;
}
