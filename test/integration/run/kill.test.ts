import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { runIds } from '../../../src/run/runs.ts';
import {
  addsHeader,
  approve,
  requestChange,
  say,
  write,
  type AgentScript,
} from '../../fixtures/agent-script.ts';
import { EngineFolder } from '../../fixtures/engine.ts';
import type { ScriptedProvider, SeenCall } from '../../fixtures/scripted-provider.ts';

const ENGINE = join(import.meta.dirname, '../../fixtures/mortal-engine.ts');
const MOST_LIVES = 60;
/** Writes to the disk in one life, at most: few enough that a run takes a dozen lives. */
const LONGEST_LIFE = 600;

const part = (name: string, body: string) => [
  write(`${name}/subsystem.mk`, `${name}_REQUIRES :=\n`),
  write(
    `${name}/${name}.c`,
    `#include "kernel.h"\nint ${name}_value(void);\nint ${name}_value(void) { ${body} }\n`,
  ),
];

/** A build error, a review that asks for a change, a conflict: everything that has a second attempt. */
const SCRIPT: AgentScript = {
  tasks: [
    { id: 'first' },
    { id: 'second', dependsOn: ['first'] },
    { id: 'third' },
    { id: 'left', scope: ['shared/**'], dependsOn: ['third'] },
    { id: 'right', scope: ['shared/**'], dependsOn: ['third'] },
  ],
  sessions: {
    'developer first 1': addsHeader('first', say('', ['build_kernel', {}]), say('', ['git_diff', {}])),
    'developer second 1': [say('', ...part('second', 'return nothing;')), say('Done.')],
    'developer second 2': [say('', ...part('second', 'return 2;')), say('Mended.')],
    'developer third 1': [
      say('', ...part('third', 'return 1;')),
      say('', ['git_commit', { message: 'Begin' }]),
      say('Done.'),
    ],
    'reviewer third 1': [requestChange('third/third.c', 3, 'Return 3.')],
    'developer third 2': [say('', ...part('third', 'return 3;')), say('Returns 3.')],
    'reviewer third 2': [approve()],
    ...Object.fromEntries(
      ['left', 'right'].flatMap((side) => {
        const both = '#pragma once\n#define LEFT 1\n#define RIGHT 1\n';
        const mine = `#pragma once\n#define ${side.toUpperCase()} 1\n`;
        return [
          [`developer ${side} 1`, [say('', write('shared/notes.h', mine)), say('Done.')]],
          [`integrator ${side} 1`, [say('', write('shared/notes.h', both)), say('Both.')]],
          // The next attempt begins with a conflict that the merge has found.
          [`integrator ${side} 2`, [say('', write('shared/notes.h', both)), say('Both.')]],
        ];
      }),
    ),
  },
};

/** How many answers each session takes; of the two that may conflict, when they are killed at the right time, none are known. */
const ANSWERS = {
  'plan.1.manager': 1,
  'first.1.developer': 4,
  'first.1.reviewer': 1,
  'second.1.developer': 2,
  'second.2.developer': 2,
  'second.2.reviewer': 1,
  'third.1.developer': 3,
  'third.1.reviewer': 1,
  'third.2.developer': 2,
  'third.2.reviewer': 1,
};

describe('a run whose engine is killed again and again', () => {
  const seeds = process.env['AUTON_SEED'] ? [Number(process.env['AUTON_SEED'])] : [Date.now() % 100_000];

  for (const seed of seeds) {
    it(`comes to the same end, and pays for no answer twice (AUTON_SEED=${seed})`, async () => {
      const random = randomOf(seed);
      const place = new EngineFolder();
      try {
        const provider = await place.provider(SCRIPT, { agents: { developer_count: 3 } });
        const lives: string[] = [];
        for (let done = false; !done;) {
          assert.ok(lives.length < MOST_LIVES, `it does not come to an end:\n${lives.join('\n')}`);
          const answered = answeredIn(place);
          const firstCall = provider.calls.length;
          const point = 1 + Math.floor(random() * LONGEST_LIFE);
          const how = ['before', 'torn', 'after'][Math.floor(random() * 3)]!;
          const { killed, output } = await live(place, point, how);
          lives.push(`${point} ${how}: ${output}`);
          const again = provider.calls
            .slice(firstCall)
            .filter((call) => call.turn < (answered.get(keyOf(call)) ?? 0));
          assert.deepEqual(again, [], `answered before, asked again\n${lives.join('\n')}`);
          // It may also die in the very moment in which the end is on the disk.
          done = !killed || (runIds(place.folder).length > 0 && place.state.status === 'done');
        }
        assertWhole(place, provider, lives);
      } finally {
        await place.close();
      }
    });
  }
});

/** One engine process, from its start to its death or to the end of the run. */
async function live(
  place: EngineFolder,
  point: number,
  how: string,
): Promise<{ killed: boolean; output: string }> {
  const node = process.execPath;
  const engine = spawn(
    node,
    ['--disable-warning=ExperimentalWarning', ENGINE, place.folder, String(point), how],
    {
      env: place.env,
    },
  );
  let output = '';
  for (const stream of [engine.stdout, engine.stderr])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const [code, signal] = (await once(engine, 'close')) as [number | null, string | null];
  assert.ok(signal === 'SIGKILL' || code === 0, `the engine ended with ${code ?? signal}: ${output}`);
  return { killed: signal === 'SIGKILL', output };
}

function assertWhole(place: EngineFolder, provider: ScriptedProvider, lives: string[]): void {
  const { state, events } = place;
  const story = `${state.status}: ${state.statusMessage}\n${lives.join('\n')}`;
  assert.equal(state.status, 'done', story);
  const ids = SCRIPT.tasks.map(({ id }) => id).sort();
  for (const id of ids) assert.equal(state.tasks.get(id)?.state, 'merged', `${id}\n${story}`);
  assert.deepEqual(state.merges.map(({ task }) => task).sort(), ids, 'each is merged once in the log');
  const trailer = '--format=%(trailers:key=Auton-Task,valueonly,separator=%x2C)';
  const merged = place
    .git('log', '--first-parent', '--merges', trailer, state.targetBranch)
    .split('\n')
    .sort();
  assert.deepEqual(merged, ids, 'each is merged once in the repository');

  const answered = Object.fromEntries(place.answered);
  const known = Object.fromEntries(
    Object.entries(answered).filter(([name]) => name in ANSWERS || !/^(left|right)/.test(name)),
  );
  assert.deepEqual(known, ANSWERS, `no session more, no answer more\n${story}`);
  const counted = events.filter(({ type }) => type === 'model.answered').length;
  assert.equal(counted, sum(Object.values(answered)), 'each answer is counted once');
  assert.ok(provider.calls.length - counted <= 3 * lives.length, 'only calls under way at a death were lost');

  for (const { task, result } of state.tasks.size > 0 ? leftBranches(place, state.targetBranch) : [])
    assert.fail(`${task} has commits that are not on ${state.targetBranch}: ${result}`);
  assert.equal(
    place.git('status', '--porcelain', '--ignored=no', '--', '.', ':!.auton'),
    '',
    "the user's checkout",
  );
}

/** Branches of agents with commits that nothing else keeps. */
function leftBranches(place: EngineFolder, target: string): { task: string; result: string }[] {
  const branches = place
    .git('for-each-ref', '--format=%(refname:short)', 'refs/heads/agent')
    .split('\n')
    .filter(Boolean);
  return branches.flatMap((branch) => {
    const ahead = place.git('log', '--oneline', `${target}..${branch}`);
    return ahead === '' ? [] : [{ task: branch, result: ahead }];
  });
}

/** Durable answers, by the session as the provider names it: it counts a task's reviews, the engine its attempts. */
function answeredIn(place: EngineFolder): Map<string, number> {
  if (!existsSync(place.folder) || runIds(place.folder).length === 0) return new Map();
  const reviews = new Map<string, number>();
  return new Map(
    [...place.answered].sort(byAttempt).map(([session, turns]) => {
      const [task = '', attempt, role] = session.split('.');
      if (role !== 'reviewer') return [`${role} ${task} ${attempt}`, turns];
      const nth = (reviews.get(task) ?? 0) + 1;
      reviews.set(task, nth);
      return [`${role} ${task} ${nth}`, turns];
    }),
  );
}

function byAttempt([a]: [string, number], [b]: [string, number]): number {
  return Number(a.split('.')[1]) - Number(b.split('.')[1]);
}

function keyOf({ role, task, attempt }: SeenCall): string {
  return `${role} ${task} ${attempt}`;
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/** mulberry32: small, and the same for a seed everywhere. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
