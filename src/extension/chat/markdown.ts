/** Text of agents, compilers and kernels as plain text in Markdown, on one line. */
export function plain(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/[\\`*_{}[\]<>~|#!]/g, '\\$&');
}

/** A name as code; it cannot end the code early. */
export function code(name: string): string {
  return `\`${name.replace(/[`\s]+/g, ' ').trim()}\``;
}

/** Output as it was, in a fence that nothing in it can close. */
export function fenced(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}\n${text.trimEnd()}\n${fence}`;
}

/** The last lines of a text. */
export function lastLines(text: string, count: number): string {
  return text.trimEnd().split('\n').slice(-count).join('\n');
}
