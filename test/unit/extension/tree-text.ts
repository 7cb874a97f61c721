import type { Row, TreeNode } from '../../../src/extension/views/node.ts';

/** A tree as text, everything opened: icon, label, description, words for the menus. */
export async function treeText(nodes: readonly TreeNode[], indent = ''): Promise<string[]> {
  const lines: string[] = [];
  for (const node of nodes) {
    const row = node.show();
    lines.push(`${indent}${rowText(row)}`);
    lines.push(...(await treeText(await node.children(), `${indent}  `)));
  }
  return lines;
}

function rowText({ label, description, icon, context, folding }: Row): string {
  const fold = { none: ' ', closed: '>', open: 'v' }[folding];
  const color = icon.color === undefined ? '' : `:${icon.color}`;
  return [`${fold} ${label}`, description, `${icon.id}${color}`, `[${context}]`]
    .filter((part) => part !== '')
    .join(' | ');
}
