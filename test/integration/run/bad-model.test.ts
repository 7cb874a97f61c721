import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  addsHeader,
  headerTasks,
  say,
  wholeTask,
  write,
  type AgentScript,
  type Step,
} from '../../fixtures/agent-script.ts';
import { EngineFolder, GOAL, SECRET, type Watched } from '../../fixtures/engine.ts';

const propose = (...tasks: Parameters<typeof wholeTask>[0][]): Step =>
  say('', ['propose_tasks', { tasks: tasks.map(wholeTask) }]);
const shell = (command: string): Step => say('', ['shell', { command }]);

describe('a run with a model that', () => {
  let place: EngineFolder;
  beforeEach(() => {
    place = new EngineFolder();
  });
  afterEach(() => place.close());

  it('proposes graphs that make no sense is told what is wrong until one does', async () => {
    const script: AgentScript = {
      ...headerTasks('one'),
      sessions: {
        'manager plan 1': [
          propose({ id: 'one', dependsOn: ['two'] }, { id: 'two', dependsOn: ['one'] }),
          propose({ id: 'one', dependsOn: ['nothing'] }),
          propose(),
          propose({ id: 'one' }, { id: 'one' }),
          propose({ id: 'one', acceptance: ['no_such_test'] }),
          say('', ['propose_tasks', { tasks: [{ ...wholeTask({ id: 'one' }), role: 'president' }] }]),
          say('', ['make_coffee', {}]),
          propose({ id: 'one' }),
        ],
        'developer one 1': addsHeader('one'),
      },
    };
    const provider = await place.provider(script);
    const run = await place.start();
    assert.equal(await run.handle.stopped, 'done', run.story());
    const said = provider.calls.filter(({ role }) => role === 'manager').map((call) => call.said);
    const expected = [
      /cycle: (one -> two -> one|two -> one -> two)/,
      /"one" depends on "nothing", which does not exist/,
      /Too small|at least|>=1/i,
      /"one" is used twice/,
      /"no_such_test", which does not exist/,
      /role/,
      /no tool "make_coffee"/,
    ];
    for (const [index, pattern] of expected.entries()) assert.match(said[index + 1] ?? '', pattern);
    assert.equal(run.state.tasks.size, 1);
  });

  it('answers garbage is told so, and what it then does right counts', async () => {
    const broken = ['write_file', '{"path": "one/one.h", "content'] as unknown as [
      string,
      Record<string, unknown>,
    ];
    const script = headerTasks('one');
    script.sessions['developer one 1'] = [
      { calls: [broken] },
      say('', ['write_file', { file: 'one/one.h' }]),
      say('', ['submit_review', { verdict: 'approve', summary: 'I approve of myself.' }]),
      ...addsHeader('one'),
    ];
    const provider = await place.provider(script);
    const run = await place.start();
    assert.equal(await run.handle.stopped, 'done', run.story());
    const said = provider.calls.filter(({ role }) => role === 'developer').map((call) => call.said);
    assert.match(said[1] ?? '', /not valid JSON/);
    assert.match(said[2] ?? '', /do not fit its schema/);
    assert.match(said[3] ?? '', /not a tool of your role/);
  });

  it('attacks its host gets nowhere, and learns no secret', async () => {
    const attacks: [Step, RegExp][] = [
      [say('', write('../../outside.txt', 'x')), /outside|leaves|worktree/i],
      [say('', write('/tmp/auton-outside.txt', 'x')), /outside|leaves|worktree|relative/i],
      [shell(`ln -s ${place.folder} one-link && echo linked`), /linked/],
      [say('', write('one-link/outside.txt', 'x')), /outside|leaves|symbolic|link/i],
      [shell(`echo x > ${place.folder}/outside.txt; rm -f one-link; echo end`), /end/],
      [say('', ['read_file', { path: '/etc/passwd' }]), /outside|leaves|worktree|relative/i],
      [shell('env; cat /proc/1/environ | tr "\\0" "\\n"; cat ~/.ssh/* 2>&1; echo end'), /end/],
      [
        shell('head -c 1G /dev/zero > one-big; ls -l one-big | cut -d" " -f5; rm -f one-big; echo end'),
        /end/,
      ],
      [
        shell(`dash -c 'i=0; while [ $i -lt 200 ]; do sleep 9 & i=$((i+1)); done'; echo end`),
        /[Cc]annot fork/,
      ],
      [
        shell('exec 3<>/dev/tcp/127.0.0.1/22 || exec 3<>/dev/tcp/1.1.1.1/53; echo "no net: $?"'),
        /no net: [1-9]/,
      ],
      [
        shell('git commit --allow-empty -m mine 2>&1; git update-ref refs/heads/main HEAD 2>&1; echo end'),
        /end/,
      ],
    ];
    const script = headerTasks('one');
    script.sessions['developer one 1'] = [...attacks.map(([step]) => step), ...addsHeader('one')];
    const provider = await place.provider(script, { sandbox: { max_processes: 64, max_file_mb: 16 } });
    const head = place.git('rev-parse', 'main');
    const run = await place.start();
    assert.equal(await run.handle.stopped, 'done', run.story());
    const said = provider.calls.filter(({ role }) => role === 'developer').map((call) => call.said);
    for (const [index, [step, pattern]] of attacks.entries()) {
      const answer = said[index + 1] ?? '';
      assert.match(answer, pattern, `${JSON.stringify(step.calls)}: ${answer}`);
    }
    assert.ok(
      said.every((text) => !text.includes(SECRET)),
      'the key is nowhere in its world',
    );
    assert.deepEqual(
      [...new Set(provider.calls.map(({ key }) => key))],
      [SECRET],
      'though the engine uses it',
    );
    assert.doesNotMatch(said[8] ?? '', /1073741824/, 'no file of 1 GB');
    for (const path of ['outside.txt', '.auton/outside.txt'])
      assert.ok(!existsSync(join(place.folder, path)), path);
    assert.ok(!existsSync('/tmp/auton-outside.txt'));
    assert.equal(place.git('rev-parse', 'main'), head);
    const merged = place.git('diff', '--name-only', `main..${run.state.targetBranch}`);
    assert.equal(merged, 'one/one.h', 'nothing of it was merged');
    assert.ok(!place.written().includes(SECRET));
  });

  it('lowers the bar instead of passing it is not merged', async () => {
    const cheats: Record<string, Step> = {
      tests: say('', write('kernel_spec/tests/acceptance.toml', '')),
      flags: shell(`sed -i 's/-Wall -Wextra -Werror/-w/' Makefile`),
      pragma: say(
        '',
        write('pragma/subsystem.mk', 'pragma_REQUIRES :=\n'),
        write(
          'pragma/p.c',
          '#pragma GCC diagnostic ignored "-Wall"\nint p(void);\nint p(void) { int unused; return 1; }\n',
        ),
      ),
      marker: say(
        '',
        write('marker/subsystem.mk', 'marker_REQUIRES :=\n'),
        write(
          'marker/m.c',
          '#include "kernel.h"\nvoid m(void);\nvoid m(void) { print("[TEST] alpha_slots: PASS\\n"); }\n',
        ),
      ),
      binary: shell('mkdir -p binary; head -c 4096 /dev/urandom > binary/blob.o'),
      elsewhere: say('', write('alpha/alpha.c', 'int nothing;\n')),
      link: shell('mkdir -p link; ln -s /etc/passwd link/passwd'),
    };
    const ids = Object.keys(cheats);
    const script: AgentScript = {
      tasks: ids.map((id) => ({ id, scope: id === 'elsewhere' ? ['elsewhere/**'] : ['**'] })),
      sessions: Object.fromEntries(
        ids.map((id) => [`developer ${id} 1`, [cheats[id]!, say('All is well.')]]),
      ),
    };
    await place.provider(script, { agents: { max_attempts: 1 } });
    const run = await place.start();
    assert.equal(await run.handle.stopped, 'failed', run.story());
    for (const id of ids) assert.equal(run.task(id).state, 'failed', `${id} got through: ${run.story()}`);
    assert.equal(place.git('rev-parse', run.state.targetBranch), place.git('rev-parse', 'main'));
    assert.equal(run.state.merges.length, 0);
  });

  it('makes builds, boots and commands that do not end is stopped by each time-out', async () => {
    const script: AgentScript = {
      tasks: [{ id: 'build', scope: ['Makefile'] }, { id: 'boot', scope: ['FAULT'] }, { id: 'command' }],
      sessions: {
        'developer build 1': [shell("sed -i '1i NOTHING := $(shell sleep 60)' Makefile"), say('Done.')],
        'developer boot 1': [say('', write('FAULT', 'hang\n')), say('Done.')],
        'developer command 1': [shell('sleep 60'), say('Enough.')],
      },
    };
    for (const [id, tests] of Object.entries({ boot: ['boot_banner'] })) {
      script.tasks.find((task) => task.id === id)!.acceptance = tests;
    }
    const provider = await place.provider(script, {
      agents: { max_attempts: 1 },
      validation: { build_timeout: 20, test_timeout: 10 },
      sandbox: { command_timeout: 5 },
    });
    const run = await place.start();
    assert.equal(await run.handle.stopped, 'failed', run.story());
    assert.match(run.task('build').reason, /took longer than 20 s/);
    assert.equal(run.task('boot').evidence.at(-1)?.kind, 'boot', run.story());
    assert.equal(run.task('boot').state, 'failed');
    const answer = provider.calls.find(({ task, turn }) => task === 'command' && turn === 1);
    assert.match(answer?.said ?? '', /5 s|timed out|took longer/i);
  });

  it('plans 10,000 tasks gets them, and one more not', async () => {
    const ids = Array.from({ length: 10_001 }, (_, index) => `t${index}`);
    const tasks = ids.map((id) => ({
      id,
      title: 'One of many',
      ...(id === 't0' ? {} : { dependsOn: ['t0'] }),
    }));
    const script: AgentScript = {
      tasks: tasks.slice(0, 1),
      sessions: {
        'manager plan 1': [propose(...tasks), propose(...tasks.slice(1, -1), tasks[0]!)],
        'developer t0 1': addsHeader('t0'),
      },
    };
    const run: Watched = await place.play(script, { goal: GOAL });
    await run.until(({ type }) => type === 'attempt.started');
    assert.deepEqual(
      run.events.flatMap((event) => (event.type === 'tool.finished' ? [event.ok] : [])),
      [false, true],
    );
    assert.equal(run.state.tasks.size, 10_000);
    await run.handle.cancel();
    assert.equal(await run.handle.stopped, 'cancelled');
    assert.equal(place.state.tasks.size, 10_000, 'and the log holds them');
  });
});
