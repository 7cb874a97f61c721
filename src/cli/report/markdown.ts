import type { StoredRun } from '../../run/runs.ts';
import type { Block, Inline } from './blocks.ts';
import { reportBlocks } from './content.ts';

/** A report as one Markdown file: the graph as Mermaid, the timeline as an image inside the file. */
export function renderMarkdown(run: StoredRun): string {
  return `${reportBlocks(run).map(block).join('\n\n')}\n`;
}

function block(value: Block): string {
  switch (value.type) {
    case 'heading': {
      const anchor = value.anchor === undefined ? '' : `<a id="${value.anchor}"></a>`;
      return `${'#'.repeat(value.level)} ${anchor}${escape(value.text)}`;
    }
    case 'text':
      return value.content.map(inline).join('');
    case 'list':
      return value.items.map((item) => `- ${item.map(inline).join('')}`).join('\n');
    case 'table': {
      const row = (cells: string[]) => `| ${cells.join(' | ')} |`;
      const cell = (content: Inline) => inline(content).replaceAll('|', '\\|');
      const rule = value.head.map(() => '---');
      return [row(value.head), row(rule), ...value.rows.map((cells) => row(cells.map(cell)))].join('\n');
    }
    case 'code': {
      const fence = fenceFor(value.text, 3);
      return `${fence}text\n${value.text}\n${fence}`;
    }
    case 'figure':
      if (value.mermaid !== undefined) return `\`\`\`mermaid\n${value.mermaid}\n\`\`\``;
      return `![${escape(value.title)}](data:image/svg+xml;base64,${Buffer.from(value.svg).toString('base64')})`;
  }
}

function inline(value: Inline): string {
  if (typeof value === 'string') return escape(value);
  if ('link' in value) return `[${escape(value.text)}](#${value.link})`;
  if ('tone' in value) return `**${escape(value.text)}**`;
  const fence = fenceFor(value.code, 1);
  const space = value.code.startsWith('`') || value.code.endsWith('`') ? ' ' : '';
  return `${fence}${space}${value.code.replace(/\s+/g, ' ')}${space}${fence}`;
}

/** Backticks longer than any run of them inside. */
function fenceFor(text: string, least: number): string {
  const longest = Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length));
  return '`'.repeat(longest >= least ? longest + 1 : least);
}

/** What agents wrote is text, not markup. */
function escape(text: string): string {
  return text.replace(/[\\`*_[\]<>#]/g, (character) =>
    character === '<' ? '&lt;' : character === '>' ? '&gt;' : `\\${character}`,
  );
}
