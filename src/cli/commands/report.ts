import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { Command, Option } from 'commander';
import { readRun } from '../../run/runs.ts';
import type { Cli } from '../cli.ts';
import { workspaceOf } from '../options.ts';
import { renderHtml } from '../report/html.ts';
import { renderMarkdown } from '../report/markdown.ts';

const FORMATS = {
  md: { file: 'report.md', render: renderMarkdown },
  html: { file: 'report.html', render: renderHtml },
} as const;
type Format = keyof typeof FORMATS;

export function reportCommand(cli: Cli): Command {
  return new Command('report')
    .description('write what was done as Markdown and HTML: tasks, evidence, reviews, costs, timeline')
    .argument('[run]', 'which one [the newest]')
    .option('--out <folder>', "where to write it [the run's folder]")
    .addOption(
      new Option('--print <format>', 'print one to the terminal instead').choices(Object.keys(FORMATS)),
    )
    .action(async (run: string | undefined, options: { out?: string; print?: Format }, command: Command) => {
      const stored = await readRun(workspaceOf(cli, command), run);
      if (options.print) return cli.print(FORMATS[options.print].render(stored).trimEnd());
      const folder = options.out === undefined ? stored.folder : resolve(cli.cwd, options.out);
      mkdirSync(folder, { recursive: true });
      for (const { file, render } of Object.values(FORMATS)) {
        const path = join(folder, file);
        writeFileSync(path, render(stored));
        cli.print(relative(cli.cwd, path) || path);
      }
    });
}
