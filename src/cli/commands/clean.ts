import { relative } from 'node:path';
import { Command } from 'commander';
import { printJson, type Cli } from '../cli.ts';
import { jsonOption, workspaceOf } from '../options.ts';
import { openHost } from '../run-host.ts';
import { oneLine } from '../../protocol/printable.ts';

export function cleanCommand(cli: Cli): Command {
  return new Command('clean')
    .description(
      'remove worktrees that no task needs; never one with commits or changes that are nowhere else',
    )
    .addOption(jsonOption('print what was removed, and what was kept and why'))
    .action(async ({ json }: { json?: boolean }, command: Command) => {
      const host = await openHost(cli, workspaceOf(cli, command));
      try {
        const cleaned = await host.cleanWorktrees();
        if (json) return printJson(cli, cleaned);
        const { removed, kept } = cleaned;
        const name = (path: string) => relative(cli.cwd, path);
        cli.print(
          removed.length === 1 ? '1 worktree removed.' : `${removed.length} worktrees removed.`,
          ...kept.map(({ path, reason }) => oneLine(`kept ${name(path)}: ${reason}`)),
        );
      } finally {
        await host.close();
      }
    });
}
