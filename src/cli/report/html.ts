import type { StoredRun } from '../../run/runs.ts';
import type { Block, Inline } from './blocks.ts';
import { reportBlocks } from './content.ts';
import { escapeXml } from './svg.ts';

/** A report as one HTML file that needs nothing else, runs no script and loads nothing. */
export function renderHtml(run: StoredRun): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escapeXml(run.state.goal)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
${reportBlocks(run).map(block).join('\n')}
</main>
</body>
</html>
`;
}

function block(value: Block): string {
  switch (value.type) {
    case 'heading': {
      const id = value.anchor === undefined ? '' : ` id="${escapeXml(value.anchor)}"`;
      return `<h${value.level}${id}>${escapeXml(value.text)}</h${value.level}>`;
    }
    case 'text':
      return `<p>${value.content.map(inline).join('')}</p>`;
    case 'list':
      return `<ul>${value.items.map((item) => `<li>${item.map(inline).join('')}</li>`).join('')}</ul>`;
    case 'table': {
      const head = value.head.some((cell) => cell !== '')
        ? `<thead><tr>${value.head.map((cell) => `<th scope="col">${escapeXml(cell)}</th>`).join('')}</tr></thead>`
        : '';
      const rows = value.rows.map(
        (cells) => `<tr>${cells.map((cell) => `<td>${inline(cell)}</td>`).join('')}</tr>`,
      );
      return `<div class="scroll"><table>${head}<tbody>${rows.join('')}</tbody></table></div>`;
    }
    case 'code':
      return `<pre>${escapeXml(value.text)}</pre>`;
    case 'figure':
      return `<figure class="scroll">${value.svg}<figcaption>${escapeXml(value.title)}</figcaption></figure>`;
  }
}

function inline(value: Inline): string {
  if (typeof value === 'string') return escapeXml(value);
  if ('link' in value) return `<a href="#${escapeXml(value.link)}">${escapeXml(value.text)}</a>`;
  if ('tone' in value) return `<strong class="${value.tone}">${escapeXml(value.text)}</strong>`;
  return `<code>${escapeXml(value.code)}</code>`;
}

const STYLE = `
:root{color-scheme:light dark;--ink:#1f2328;--quiet:#59636e;--page:#fff;--rule:#d1d9e0;--tint:#f6f8fa;--good:#1a7f37;--bad:#c62828;--warning:#9a6700;--link:#0969da}
@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--quiet:#9198a1;--page:#0d1117;--rule:#3d444d;--tint:#151b23;--good:#3fb950;--bad:#f85149;--warning:#d29922;--link:#4493f8}}
body{margin:0;background:var(--page);color:var(--ink);font:15px/1.55 system-ui,sans-serif}
main{max-width:70rem;margin:0 auto;padding:2.5rem 1.5rem 4rem}
h1{font-size:1.6rem;line-height:1.25}h2{margin-top:2.5rem;padding-bottom:.3rem;border-bottom:1px solid var(--rule);font-size:1.25rem}
h3{margin-top:2rem;font-size:1.05rem}
.scroll{overflow-x:auto}figure{margin:1rem 0}figcaption{color:var(--quiet);font-size:.85rem}
table{border-collapse:collapse;font-size:.92rem}td,th{padding:.3rem .8rem .3rem 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--rule)}
th{color:var(--quiet);font-weight:600}
code,pre{font:.86em/1.5 ui-monospace,monospace}code{overflow-wrap:anywhere}
pre{background:var(--tint);padding:.8rem 1rem;border-radius:6px;overflow-x:auto}
a{color:var(--link)}.good{color:var(--good)}.bad{color:var(--bad)}.warning{color:var(--warning)}
ul{padding-left:1.2rem}li{margin:.15rem 0}
`.trim();
