import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const IDENTITY = ['-c', 'user.name=agent', '-c', 'user.email=a@example.org', '-c', 'commit.gpgsign=false'];

/** A repository in a folder of its own. */
export function gitFolder() {
  const path = mkdtempSync(join(tmpdir(), 'auton-changes-'));
  const git = (...args: string[]) =>
    execFileSync('git', ['-C', path, ...IDENTITY, ...args], { encoding: 'utf8' }).trim();
  git('init', '-q', '-b', 'main');
  return {
    path,
    git,
    write(file: string, content: string | Buffer): void {
      mkdirSync(dirname(join(path, file)), { recursive: true });
      writeFileSync(join(path, file), content);
    },
    /** Commits everything; the commit's id. */
    commit(message: string): string {
      git('add', '-A');
      git('commit', '-q', '--allow-empty', '-m', message);
      return git('rev-parse', 'HEAD');
    },
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}
