/** A run that is paused while a change waits for the user: its log and the repository that it worked on. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { EVENT_LOG_VERSION } from '../../../src/protocol/events.ts';

const IDENTITY = ['-c', 'user.name=developer-1', '-c', 'user.email=developer-1@auton.invalid'];
const PMM = '#include "pmm.h"\n\nint pmm_free(void) {\n\treturn 0;\n}\n';

export interface ReviewedRun {
  run: string;
  /** Of the kernel. */
  repository: string;
  /** What the branch of `mm` began with, and its two commits. */
  base: string;
  first: string;
  second: string;
  /** The commit that merged `lib`. */
  merge: string;
  /** Where `sched` is being worked on. */
  worktree: string;
}

/**
 * `lib` is merged; `mm` was sent back by its reviewer, tried again, and now waits for the user; at `sched` an agent was
 * in the middle of its work.
 */
export function writeReviewedRun(folder: string): ReviewedRun {
  const run = '20260102-030405-abcd';
  const repository = join(folder, 'kernels', 'x86_64');
  const worktree = join(folder, '.auton', 'worktrees', 'sched');
  mkdirSync(repository, { recursive: true });
  const git = (...args: string[]) =>
    execFileSync('git', ['-C', repository, ...IDENTITY, ...args], { encoding: 'utf8' }).trim();
  const write = (path: string, content: string | Buffer) => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  };
  const commit = (message: string, files: Record<string, string | Buffer | null>): string => {
    for (const [path, content] of Object.entries(files)) {
      if (content === null) rmSync(join(repository, path));
      else write(join(repository, path), content);
    }
    git('add', '-A');
    git('commit', '-q', '-m', message);
    return git('rev-parse', 'HEAD');
  };

  git('init', '-q', '-b', 'main');
  const base = commit('Begin', {
    Makefile: 'all:\n',
    'old.h': 'one\ntwo\nthree\n',
    'logo.bin': Buffer.from([0, 1, 2]),
  });
  git('switch', '-q', '-c', 'agent/developer-2/lib');
  const lib = commit('Strings\n\nmemcpy and memset.', { 'lib/string.c': '/* memcpy */\n' });
  git('switch', '-q', 'main');
  git('merge', '-q', '--no-ff', '-m', 'Merge lib', lib);
  const merge = git('rev-parse', 'HEAD');
  git('switch', '-q', '-c', 'agent/developer-1/mm', merge);
  const first = commit('Page frames\n\nA bitmap of frames.', {
    'mm/pmm.c': PMM,
    'mm/pmm.h': 'one\ntwo\nthree\n',
    'old.h': null,
    'logo.bin': Buffer.from([0, 1, 3]),
  });
  const second = commit('Page frames\n\nFrames are counted.', {
    'mm/pmm.c': PMM.replace('return 0', 'return frames'),
  });
  git('switch', '-q', 'main');
  git('worktree', 'add', '-q', '-b', 'agent/developer-3/sched', worktree, merge);
  write(join(worktree, 'Makefile'), 'all: sched\n');
  write(join(worktree, 'sched', 'sched.c'), 'int sched;\n');

  const task = (id: string, title: string) => ({
    id,
    title,
    description: title,
    role: 'developer',
    subsystem: id,
    dependsOn: [],
    scope: [`${id}/**`],
    acceptance: [],
    build: 'compile',
  });
  const start = (id: string, attempt: number, agent: string, from: string) => ({
    type: 'attempt.started',
    task: id,
    attempt,
    agent,
    role: 'developer',
    session: `${id}.${attempt}.developer`,
    branch: `agent/${agent}/${id}`,
    base: from,
    worktree: join(folder, '.auton', 'worktrees', id),
  });
  const end = (id: string, attempt: number, agent: string, head: string) => ({
    type: 'attempt.ended',
    task: id,
    attempt,
    agent,
    outcome: 'finished',
    message: 'Done.',
    head,
  });
  const state = (id: string, name: string) => ({ type: 'task.state', task: id, state: name });
  const review = (id: string, attempt: number, head: string, verdict: string, comments: object[]) => ({
    type: 'review.submitted',
    task: id,
    attempt,
    agent: 'reviewer-1',
    head,
    review: { verdict, summary: 'Reviewed.', comments },
  });
  const agent = (id: string, role: string) => ({ id, role, model: 'playbook' });
  const events: object[] = [
    {
      type: 'run.started',
      run,
      version: EVENT_LOG_VERSION,
      goal: 'Build a kernel that manages memory',
      mode: 'kernel_build',
      arch: 'x86_64',
      modelLabel: 'playbook reference (no model)',
      sandbox: 'off',
      workspace: repository,
      targetBranch: 'main',
      base,
      maxCostUsd: 10,
      settings: {},
      agents: [1, 2, 3]
        .map((n) => agent(`developer-${n}`, 'developer'))
        .concat(agent('reviewer-1', 'reviewer')),
    },
    {
      type: 'tasks.added',
      by: 'manager-1',
      tasks: [task('lib', 'Strings'), task('mm', 'Page frames'), task('sched', 'Threads')],
    },
    start('lib', 1, 'developer-2', base),
    end('lib', 1, 'developer-2', lib),
    review('lib', 1, lib, 'approve', []),
    { type: 'merge.started', task: 'lib', base, head: lib },
    { type: 'merge.validated', task: 'lib', base, sha: merge },
    { type: 'merge.finished', task: 'lib', sha: merge },
    state('lib', 'merged'),
    start('mm', 1, 'developer-1', merge),
    end('mm', 1, 'developer-1', first),
    state('mm', 'review'),
    review('mm', 1, first, 'request_changes', [
      { file: 'mm/pmm.c', line: 4, message: 'This is always *zero*: count the frames.' },
    ]),
    state('mm', 'running'),
    start('mm', 2, 'developer-1', merge),
    end('mm', 2, 'developer-1', second),
    state('mm', 'review'),
    review('mm', 2, second, 'approve', []),
    { type: 'review.awaits_user', task: 'mm', attempt: 2 },
    start('sched', 1, 'developer-3', merge),
    state('sched', 'running'),
    { type: 'run.paused', reason: 'user', message: 'Paused.' },
  ];
  const lines = events.map((body, index) =>
    JSON.stringify({ seq: index + 1, at: new Date(1767323045000 + index * 1000).toISOString(), ...body }),
  );
  write(join(folder, '.auton', 'runs', run, 'events.jsonl'), `${lines.join('\n')}\n`);
  return { run, repository, base, first, second, merge, worktree };
}
