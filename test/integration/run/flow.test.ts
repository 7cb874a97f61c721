import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  addsHeader,
  approve,
  headerTasks,
  mini,
  requestChange,
  say,
  write,
  type AgentScript,
} from '../../fixtures/agent-script.ts';
import { EngineFolder } from '../../fixtures/engine.ts';

describe('a run', () => {
  let place: EngineFolder;
  afterEach(() => place.close());

  it('builds a kernel from nothing: every part by an agent of its own, in its own branch', async () => {
    place = new EngineFolder({ empty: true });
    const script: AgentScript = {
      tasks: [
        {
          id: 'core',
          subsystem: 'boot',
          scope: ['Makefile', 'kernel/**'],
          acceptance: ['boot_banner', 'boot_cpuid'],
        },
        { id: 'alpha', dependsOn: ['core'], acceptance: ['alpha_slots'] },
        { id: 'gamma', dependsOn: ['core'], acceptance: ['gamma_vector'] },
      ],
      sessions: {
        'developer core 1': [
          say('', ...mini('Makefile', 'kernel/*')),
          say('', ['run_test', {}]),
          say('It boots.'),
        ],
        'developer alpha 1': [say('', ...mini('alpha/*')), say('Alpha.')],
        'developer gamma 1': [say('', ...mini('gamma/*')), say('Gamma.')],
      },
    };
    const run = await place.play(script);
    assert.equal(await run.handle.stopped, 'done', run.story());
    assert.equal(run.state.targetBranch, 'main');
    assert.deepEqual(
      readdirSync(place.workspace)
        .filter((name) => !name.startsWith('.'))
        .sort(),
      ['Makefile', 'alpha', 'gamma', 'kernel'],
    );
    const tests = run.state.evidence.flatMap((evidence) => evidence.tests.filter(({ passed }) => passed));
    assert.ok(
      tests.some(({ name }) => name === 'gamma_vector'),
      'the whole is judged at the end',
    );
    const authors = place.git('log', '--no-merges', '--format=%an').split('\n');
    assert.ok(
      new Set(authors).size >= 3,
      `alpha and gamma were written at the same time: ${authors.join(' ')}`,
    );
    assert.deepEqual(
      readdirSync(join(place.folder, '.auton', 'worktrees')),
      ['.merge'],
      'merged worktrees are gone',
    );
    assert.deepEqual(foldTwice(place), run.state, 'the log says it all');
  });

  it('keeps four developers at work at the same time, and starts the next task as one ends', async () => {
    place = new EngineFolder();
    const ids = ['a', 'b', 'c', 'd', 'e', 'f'];
    const provider = await place.provider(headerTasks(...ids));
    provider.latencyMs = ({ task }) => (task === 'd' ? 1000 : 100);
    const run = await place.start();
    let most = 0;
    run.handle.onEvent((_event, { agents }) => {
      most = Math.max(
        most,
        [...agents.values()].filter((agent) => agent.role === 'developer' && agent.session).length,
      );
    });
    assert.equal(await run.handle.stopped, 'done', run.story());
    assert.equal(most, 4);
    const first = run.events.findIndex((event) => event.type === 'attempt.ended');
    const fifth = run.events.findIndex((event) => event.type === 'attempt.started' && event.task === 'e');
    const lastOfFour = run.events.findLastIndex(
      (event) => event.type === 'attempt.ended' && ['a', 'b', 'c', 'd'].includes(event.task),
    );
    assert.ok(fifth > first && fifth < lastOfFour, 'no waves');
  });

  it('returns a build error and a review to the developer, with what was said', async () => {
    place = new EngineFolder();
    const file = (body: string) =>
      write('one/one.c', `#include "kernel.h"\nint one(void);\nint one(void) { ${body} }\n`);
    const provider = await place.provider({
      tasks: [{ id: 'one' }],
      sessions: {
        'developer one 1': [
          say('', write('one/subsystem.mk', 'one_REQUIRES :=\n'), file('return nothing;')),
          say('Done.'),
        ],
        'developer one 2': [say('', file('return 1;')), say('Mended.')],
        'reviewer one 1': [requestChange('one/one.c', 3, 'Return 3, as specified.')],
        'developer one 3': [say('', file('return 3;')), say('Three.')],
        'reviewer one 2': [approve()],
      },
    });
    const run = await place.start();
    assert.equal(await run.handle.stopped, 'done', run.story());
    assert.deepEqual(
      run.task('one').attempts.map(({ outcome }) => outcome),
      ['finished', 'finished', 'finished'],
    );
    const opening = (attempt: number) =>
      provider.calls.find((call) => call.role === 'developer' && call.attempt === attempt)?.said ?? '';
    assert.match(opening(2), /build check failed[\s\S]*one\/one\.c:3: .*nothing/);
    assert.match(opening(3), /The reviewer asks for changes[\s\S]*one\/one\.c:3: Return 3/);
    assert.match(place.git('show', `${run.state.targetBranch}:one/one.c`), /return 3/);
  });

  it('lets the integrator resolve a conflict, again where it left markers in', async () => {
    place = new EngineFolder();
    const side = (name: string) => [
      say('', write('shared/notes.h', `#pragma once\n#define ${name} 1\n`)),
      say('Done.'),
    ];
    const both = write('shared/notes.h', '#pragma once\n#define LEFT 1\n#define RIGHT 1\n');
    const careless = [say('I think it is fine as it is.')];
    const careful = [say('', both), say('Both survive.')];
    const run = await place.play({
      tasks: ['left', 'right'].map((id) => ({ id, scope: ['shared/**'] })),
      sessions: {
        'developer left 1': side('LEFT'),
        'developer right 1': side('RIGHT'),
        ...Object.fromEntries(
          ['left', 'right'].flatMap((id) => [
            [`integrator ${id} 2`, careless],
            [`integrator ${id} 3`, careful],
          ]),
        ),
      },
    });
    assert.equal(await run.handle.stopped, 'done', run.story());
    const conflicted = ['left', 'right']
      .map((id) => run.task(id))
      .find(({ attempts }) => attempts.length > 1);
    assert.deepEqual(
      conflicted?.attempts.map(({ role, outcome }) => `${role} ${outcome}`),
      ['developer finished', 'integrator error', 'integrator finished'],
      run.story(),
    );
    assert.match(conflicted.attempts[1]!.message, /markers remain in shared\/notes\.h/);
    assert.match(place.git('show', `${run.state.targetBranch}:shared/notes.h`), /LEFT 1\n#define RIGHT 1/);
  });

  it('catches two parts that pass alone and fail together before the main line does, and names them', async () => {
    place = new EngineFolder({ empty: true });
    const run = await place.start({
      playbook: 'clash',
      goal: 'Build a mini kernel whose gamma and delta subsystems clash',
    });
    assert.equal(await run.handle.stopped, 'done', run.story());
    const culprits = [...run.state.tasks.values()].flatMap(({ evidence }) =>
      evidence.flatMap((e) => e.culprits ?? []),
    );
    assert.deepEqual(culprits.sort(), ['delta', 'gamma']);
    const merges = run.events.filter(({ type }) => type === 'merge.finished').length;
    assert.equal(merges, 5);
  });

  it('stops before anything is paid for where the Python of the SLM pipeline is missing, and says how to get one', async () => {
    for (const mode of ['slm_training', 'dual']) {
      place = new EngineFolder();
      const provider = await place.provider(headerTasks('one'), { workflow: { mode } });
      const run = await place.start({ env: { ...place.env, AUTON_SLM_PYTHON: '/nowhere/python' } });
      assert.equal(await run.handle.stopped, 'paused', run.story());
      assert.match(
        run.state.statusMessage,
        /AUTON_SLM_PYTHON \(\/nowhere\/python\) does not exist.*or unset it/s,
      );
      assert.equal(provider.calls.length, 0, 'nothing is paid for');
      await place.close();
    }
  });

  it('takes part with a tester and an architect, each for tasks of their own', async () => {
    place = new EngineFolder();
    const run = await place.play({
      tasks: [
        { id: 'headers', role: 'architect', build: 'headers' },
        { id: 'checks', role: 'tester', dependsOn: ['headers'] },
      ],
      sessions: { 'architect headers 1': addsHeader('headers'), 'tester checks 1': addsHeader('checks') },
    });
    assert.equal(await run.handle.stopped, 'done', run.story());
    assert.deepEqual(
      ['headers', 'checks'].map((id) => run.task(id).attempts[0]?.agent),
      ['architect-1', 'tester-1'],
    );
  });

  it('writes the logs that [logging] asks for, without secrets', async () => {
    place = new EngineFolder();
    const provider = await place.provider(headerTasks('one'), {
      logging: { level: 'debug', orchestrator_log: 'engine.log' },
    });
    const leak = `the key is ${place.env['ANTHROPIC_API_KEY']}`;
    provider.interfere = (call) =>
      call.role === 'developer' && call.turn === 0 ? say(leak, write('one/x.h', `/* ${leak} */`)) : null;
    const run = await place.start();
    await run.handle.stopped;
    const logs = join(place.folder, '.auton', 'logs');
    const day = new Date().toISOString().slice(0, 10);
    assert.ok(existsSync(join(logs, `engine-${day}.log`)), readdirSync(logs).join(' '));
    assert.match(
      readFileSync(join(logs, `engine-${day}.log`), 'utf8'),
      /INFO {2}run=\S+ run\.started [\s\S]*run\.finished/,
    );
    assert.match(
      readFileSync(join(logs, `agents-${day}.log`), 'utf8'),
      /DEBUG run=\S+ tool\.called .*write_file/,
    );
    assert.ok(
      !place.written().includes(place.env['ANTHROPIC_API_KEY']!),
      'no file of the engine holds the key',
    );
  });
});

/** The state as a second reader of the log sees it. */
function foldTwice(place: EngineFolder) {
  return place.state;
}
