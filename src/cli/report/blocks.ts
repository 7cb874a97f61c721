/** A report before it is Markdown or HTML: what is said is decided once, how it is written twice. */
export type Block =
  | { type: 'heading'; level: 1 | 2 | 3 | 4; text: string; anchor?: string }
  | { type: 'text'; content: Inline[] }
  | { type: 'list'; items: Inline[][] }
  | { type: 'table'; head: string[]; rows: Inline[][] }
  | { type: 'code'; text: string }
  /** `mermaid` is the same figure for renderers that show that in Markdown. */
  | { type: 'figure'; title: string; svg: string; mermaid?: string };

export type Inline =
  | string
  | { code: string }
  | { tone: 'good' | 'bad' | 'warning'; text: string }
  /** To the anchor of a heading of the same report. */
  | { link: string; text: string };

export const heading = (level: 1 | 2 | 3 | 4, text: string, anchor?: string): Block =>
  anchor === undefined ? { type: 'heading', level, text } : { type: 'heading', level, text, anchor };
export const text = (...content: Inline[]): Block => ({ type: 'text', content });
export const table = (head: string[], rows: Inline[][]): Block => ({ type: 'table', head, rows });
export const code = (value: string): Inline => ({ code: value });
export const good = (value: string): Inline => ({ tone: 'good', text: value });
export const bad = (value: string): Inline => ({ tone: 'bad', text: value });
export const warning = (value: string): Inline => ({ tone: 'warning', text: value });
