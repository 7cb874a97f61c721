import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ModelError } from '../../../src/models/client.ts';
import type { ModelDelta, ModelRequest, ModelResponse } from '../../../src/models/client.ts';
import { PlaybookClient } from '../../../src/models/playbook/client.ts';
import { assertCovers, coversGoal } from '../../../src/models/playbook/goal.ts';
import { findPlaybook, listPlaybooks, loadPlaybook } from '../../../src/models/playbook/load.ts';
import type { Playbook } from '../../../src/models/playbook/load.ts';
import { UserError } from '../../../src/protocol/errors.ts';
import type { Architecture } from '../../../src/protocol/roles.ts';

const HEAD = `
name = "demo"
title = "A demonstration"
goals = ["Build a bootable kernel with SLM rule engine that detects hardware via PCI scan"]
keywords = ["make", "boot", "boots", "x86_64"]
arch = ["x86_64"]
[files]
tree = "../tree"
`;

describe('a playbook', () => {
  let root: string;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'auton-playbook-'));
    write('tree/mm/pmm.c', 'int pages = 4096;\nint ü;\n');
    write('tree/mm/vmm.c', 'int tables;\n');
    write('tree/mm/notes.txt', 'not this\n');
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  const load = (sessions: string, head = HEAD) => {
    write('demo/playbook.toml', head + sessions);
    return loadPlaybook(join(root, 'demo'));
  };
  const play = (
    sessions: string,
    at: Partial<ModelRequest['session']> = {},
    onDelta?: (delta: ModelDelta) => void,
  ): Promise<ModelResponse> => {
    const session = { run: 'r', task: 'pmm', role: 'developer' as const, attempt: 1, turn: 0, ...at };
    const request = {
      model: 'demo',
      system: 's',
      messages: [],
      tools: [],
      maxTokens: 1,
      temperature: 0,
      session,
    };
    return new PlaybookClient(load(sessions), 'x86_64').complete(
      request,
      new AbortController().signal,
      onDelta,
    );
  };
  const SESSION = '[[session]]\nrole = "developer"\ntask = "pmm"\n';

  it('answers by role, task, attempt and turn', async () => {
    const sessions =
      `${SESSION}[[session.answer]]\ntext = "one"\n[[session.answer]]\ntext = "two"\n` +
      `${SESSION}attempt = 2\n[[session.answer]]\ntext = "again"\n` +
      '[[session]]\nrole = "reviewer"\ntask = "pmm"\n[[session.answer]]\ntext = "looks good"\n';
    const said = async (at: Partial<ModelRequest['session']>) => (await play(sessions, at)).message.content;
    assert.deepEqual(await said({}), [{ type: 'text', text: 'one' }]);
    assert.deepEqual(await said({ turn: 1 }), [{ type: 'text', text: 'two' }]);
    assert.deepEqual(await said({ attempt: 2 }), [{ type: 'text', text: 'again' }]);
    assert.deepEqual(await said({ role: 'reviewer' }), [{ type: 'text', text: 'looks good' }]);
  });

  it('streams its text in small pieces and names its calls', async () => {
    const deltas: ModelDelta[] = [];
    const text = 'The page frame allocator keeps one bit a frame: 🧠. '.repeat(4);
    const sessions = `${SESSION}[[session.answer]]\ntext = "${text}"\n[[session.answer.call]]\ntool = "build_kernel"\n`;
    const response = await play(sessions, {}, (delta) => deltas.push(delta));
    const pieces = deltas.flatMap((delta) => (delta.type === 'text' ? [delta.text] : []));
    assert.equal(pieces.join(''), text);
    assert.ok(pieces.length > 5);
    assert.deepEqual(deltas.at(-1), { type: 'tool_call', name: 'build_kernel' });
    assert.equal(response.stop, 'tool_calls');
    assert.ok(response.usage.outputTokens > 30);
    assert.equal(response.model, 'playbook/demo');
  });

  it('takes the content of files from the source tree as it is now', async () => {
    const sessions =
      `${SESSION}[[session.answer]]\n[[session.answer.files]]\nfrom = "tree"\npaths = ["mm/*.c"]\n` +
      '[[session.answer.call]]\ntool = "build_kernel"\n';
    write('tree/mm/vmm.c', 'int newer;\n');
    const { message } = await play(sessions);
    assert.deepEqual(
      message.content.map((part) => part.type === 'tool_call' && [part.name, part.input]),
      [
        ['write_file', { path: 'mm/pmm.c', content: 'int pages = 4096;\nint ü;\n' }],
        ['write_file', { path: 'mm/vmm.c', content: 'int newer;\n' }],
        ['build_kernel', {}],
      ],
    );
    const ids = message.content.map((part) => part.type === 'tool_call' && part.id);
    assert.equal(new Set(ids).size, 3);
  });

  it('plants a fault where exactly one place matches', async () => {
    const call = (find: string) =>
      `${SESSION}[[session.answer]]\n[[session.answer.call]]\ntool = "write_file"\ninput = { path = "mm/pmm.c" }\n` +
      `contentFrom = "tree:mm/pmm.c"\nreplace = [{ find = "${find}", with = "4097" }]\n`;
    const { message } = await play(call('4096'));
    const [part] = message.content;
    assert.deepEqual(part?.type === 'tool_call' && part.input, {
      path: 'mm/pmm.c',
      content: 'int pages = 4097;\nint ü;\n',
    });
    for (const [find, times] of [
      ['8192', 0],
      ['int', 2],
    ] as const) {
      await assert.rejects(
        play(call(find)),
        (error) =>
          error instanceof ModelError &&
          new RegExp(`"demo".*developer of task "pmm", attempt 1.*mm/pmm\\.c.*${times} times`).test(
            error.message,
          ),
      );
    }
  });

  it('reads long inputs from a file', async () => {
    write('demo/plan.json', '{"tasks":[{"id":"pmm"}]}');
    const sessions = `${SESSION}[[session.answer]]\n[[session.answer.call]]\ntool = "propose_tasks"\ninputFile = "plan.json"\n`;
    const [part] = (await play(sessions)).message.content;
    assert.deepEqual(part?.type === 'tool_call' && part.input, { tasks: [{ id: 'pmm' }] });
    write('demo/plan.json', '[1]');
    await assert.rejects(play(sessions), /plan\.json/);
    write('demo/plan.json', '{');
    await assert.rejects(play(sessions), /plan\.json/);
  });

  it('names playbook, session and file when a source is gone or leads out of its tree', async () => {
    const files = (paths: string, from = 'tree') =>
      `${SESSION}[[session.answer]]\n[[session.answer.files]]\nfrom = "${from}"\npaths = ["${paths}"]\n`;
    for (const [sessions, reason] of [
      [files('mm/gone.c'), /matches "mm\/gone\.c"/],
      [files('../demo/playbook.toml'), /leads out of its tree/],
      [files('/etc/passwd'), /leads out of its tree/],
      [files('mm/*.c', 'other'), /\[files\] has no "other"/],
    ] as const) {
      await assert.rejects(play(sessions), (error) => {
        assert.ok(error instanceof ModelError);
        assert.equal(error.kind, 'not_covered');
        assert.match(error.message, /"demo".*developer of task "pmm", attempt 1/);
        assert.match(error.message, reason);
        return true;
      });
    }
  });

  it('says what it covers when it has no session or no more answers', async () => {
    const sessions = `${SESSION}[[session.answer]]\ntext = "one"\n`;
    for (const at of [{ task: 'vmm' }, { attempt: 2 }, { role: 'tester' as const }, { turn: 1 }]) {
      await assert.rejects(play(sessions, at), (error) => {
        assert.ok(error instanceof ModelError);
        assert.equal(error.kind, 'not_covered');
        assert.match(error.message, /It covers .*"Build a bootable kernel/);
        assert.match(error.remedy, /evidence before this.*--model/);
        return true;
      });
    }
  });

  it('stops between two pieces when it is cancelled', async () => {
    const playbook = load(`${SESSION}[[session.answer]]\ntext = "${'word '.repeat(100)}"\n`);
    const controller = new AbortController();
    const reason = new Error('enough');
    const session = { run: 'r', task: 'pmm', role: 'developer' as const, attempt: 1, turn: 0 };
    const request = {
      model: 'demo',
      system: '',
      messages: [],
      tools: [],
      maxTokens: 1,
      temperature: 0,
      session,
    };
    let pieces = 0;
    const call = new PlaybookClient(playbook, 'x86_64').complete(request, controller.signal, () => {
      if (++pieces === 2) controller.abort(reason);
    });
    await assert.rejects(call, (error) => error === reason);
    assert.equal(pieces, 2);
  });

  it('may spread its sessions over several files', () => {
    write('demo/sessions/pmm.toml', `${SESSION}[[session.answer]]\ntext = "one"\n`);
    const { sessions } = load('', HEAD.replace('[files]', 'include = ["sessions/pmm.toml"]\n[files]'));
    assert.deepEqual([...(sessions.x86_64?.keys() ?? [])], ['developer of task "pmm", attempt 1']);
  });

  describe('for several architectures', () => {
    const TWO = HEAD.replace('arch = ["x86_64"]', 'arch = ["x86_64", "aarch64"]');
    const terms = '[terms.x86_64]\nentry = ["boot.asm", "io.c"]\nway = "by GRUB"\n';
    const others = '[terms.aarch64]\nentry = ["boot.S"]\nway = "by {arch}"\n';

    const played = async (arch: Architecture, sessions: string) => {
      const playbook = load(sessions, TWO + terms + others);
      const session = { run: 'r', task: 'pmm', role: 'developer' as const, attempt: 1, turn: 0 };
      const rest = { model: 'demo', system: 's', messages: [], tools: [], maxTokens: 1, temperature: 0 };
      const { signal } = new AbortController();
      const { message } = await new PlaybookClient(playbook, arch).complete({ ...rest, session }, signal);
      return message.content.map((part) => (part.type === 'tool_call' ? part.input : part.text));
    };

    it('says what is meant by a name, in texts, lists and files', async () => {
      write(
        'demo/plan-aarch64.json',
        '{"scope":["{entry}","{unknown} arch/{arch}/*.{c,h}"],"note":"{entry}"}',
      );
      const sessions =
        `${SESSION}[[session.answer]]\ntext = "It boots {way}."\n` +
        '[[session.answer.call]]\ntool = "propose_tasks"\ninputFile = "plan-{arch}.json"\n';
      assert.deepEqual(await played('aarch64', sessions), [
        'It boots by {arch}.',
        { scope: ['boot.S', '{unknown} arch/aarch64/*.{c,h}'], note: 'boot.S' },
      ]);
      await assert.rejects(played('x86_64', sessions), /plan-x86_64\.json/);
    });

    it('has sessions for some of them only', async () => {
      const only = (arch: string) =>
        `${SESSION}arch = ["${arch}"]\n[[session.answer]]\ntext = "for ${arch}"\n`;
      assert.deepEqual(await played('x86_64', only('x86_64') + only('aarch64')), ['for x86_64']);
      assert.deepEqual(await played('aarch64', only('x86_64') + only('aarch64')), ['for aarch64']);
      await assert.rejects(
        played('aarch64', only('x86_64') + only('x86_64').replace('pmm', 'vmm')),
        /no sessions/,
      );
    });

    it('is refused where a name has no meaning for one of them', () =>
      assert.throws(
        () => load(`${SESSION}[[session.answer]]\ntext = "x"\n`, TWO + terms),
        /\[terms\.aarch64\] has no "entry", "way"/,
      ));

    it('covers a goal that names the one it is for', () => {
      const head = TWO.replace('"x86_64"]\narch', '"{arch}"]\narch');
      const playbook = load(`${SESSION}[[session.answer]]\ntext = "x"\n`, head);
      const wanted = (arch: Architecture, named: string) => () =>
        assertCovers(playbook, {
          ...{ arch, mode: 'kernel_build' },
          goal: `Build a bootable ${named} kernel with SLM rule engine that detects hardware via PCI scan`,
        });
      assert.doesNotThrow(wanted('aarch64', 'aarch64'));
      assert.throws(wanted('x86_64', 'aarch64'), /does not cover the goal/);
    });
  });

  describe('that extends another one', () => {
    const TITLE = 'name = "more"\ntitle = "More"\nextends = "../demo"\ngoals = ["Build it with disks"]\n';
    const session = (text: string, task = 'pmm') =>
      `[[session]]\nrole = "developer"\ntask = "${task}"\n[[session.answer]]\ntext = "${text}"\n`;
    const extend = (sessions: string, head = TITLE) => {
      write('more/playbook.toml', head + sessions);
      return loadPlaybook(join(root, 'more'));
    };
    const said = (playbook: Playbook) =>
      [...(playbook.sessions.x86_64?.values() ?? [])].map(
        ({ task, answer }) => `${task}: ${answer[0]?.text}`,
      );

    it('has its sessions, replaces some and adds others', () => {
      load(session('one') + session('two', 'vmm'));
      const more = extend(session('another') + session('three', 'disk'));
      assert.deepEqual(said(more), ['pmm: another', 'vmm: two', 'disk: three']);
    });

    it('takes from it what it does not say itself, and means the same files', async () => {
      write('demo/plan.json', '{"tasks":["{way}"]}');
      const plan = '[[session.answer.call]]\ntool = "propose_tasks"\ninputFile = "plan.json"\n';
      const files = '[[session.answer.files]]\nfrom = "tree"\npaths = ["mm/vmm.c"]\n';
      const terms = '[terms.x86_64]\nway = "by GRUB"\n';
      load(session('one') + files + plan, HEAD + terms);
      const more = extend(session('{way}', 'disk'));
      assert.deepEqual([more.arch, more.mode, more.start], [['x86_64'], 'kernel_build', 'empty']);
      assert.deepEqual(said(more), ['pmm: one', 'disk: by GRUB']);
      const where = { run: 'r', task: 'pmm', role: 'developer' as const, attempt: 1, turn: 0 };
      const request = { model: 'm', system: '', messages: [], tools: [], maxTokens: 1, temperature: 0 };
      const { message } = await new PlaybookClient(more, 'x86_64').complete(
        { ...request, session: where },
        new AbortController().signal,
      );
      const inputs = message.content.flatMap((part) => (part.type === 'tool_call' ? [part.input] : []));
      assert.deepEqual(inputs, [{ path: 'mm/vmm.c', content: 'int tables;\n' }, { tasks: ['by GRUB'] }]);
    });

    it('covers its own goals, in words of both, and not what is only the other one’s', () => {
      load(session('one'));
      const more = extend('');
      assert.ok(coversGoal(more, 'Build a bootable kernel with disks'));
      assert.ok(!coversGoal(more, 'Make a bootable kernel with SLM rule engine that detects hardware'));
      assert.ok(!coversGoal(more, 'Build it with tapes'));
    });

    it('is refused when it extends itself or what is not there', () => {
      write('demo/playbook.toml', HEAD.replace('[files]', 'extends = "../more"\n[files]'));
      assert.throws(() => extend(''), /more\/playbook\.toml cannot be played: it extends itself/);
      assert.throws(() => extend('', TITLE.replace('../demo', '../nobody')), /nobody\/playbook\.toml/);
    });
  });

  it('is refused with file and place when it is broken', () => {
    const refused = (sessions: string, expected: RegExp) =>
      assert.throws(
        () => load(sessions),
        (error) => error instanceof UserError && expected.test(error.message),
      );
    refused('', /has no sessions/);
    assert.throws(() => load('', HEAD.replace('arch = ["x86_64"]', '')), /"arch" is missing/);
    refused('[[session]]\nrole = "plumber"\n', /session\[0\]\.role/);
    refused(
      `${SESSION}[[session.answer]]\ntxt = "x"\n`,
      /session\[0\]\.answer\[0\][\s\S]*txt|txt[\s\S]*session\[0\]/,
    );
    refused(`${SESSION}[[session.answer]]\ntext = "x"\n`.repeat(2), /attempt 1 is there twice/);
    refused('= broken', /demo\/playbook\.toml/);
    refused(
      `${SESSION}[[session.answer]]\n[[session.answer.call]]\ntool = "t"\nreplace = [{ find = "a", with = "b" }]\n`,
      /replace needs contentFrom/,
    );
  });

  it('is found by name among the shipped ones, or by path', () => {
    load(`${SESSION}[[session.answer]]\ntext = "x"\n`);
    assert.deepEqual(
      listPlaybooks(root).map((playbook) => playbook.name),
      ['demo'],
    );
    assert.equal(findPlaybook('demo', { playbooksFolder: root, folder: '/' }).name, 'demo');
    assert.equal(findPlaybook('./demo', { playbooksFolder: '/nowhere', folder: root }).name, 'demo');
    assert.throws(
      () => findPlaybook('demmo', { playbooksFolder: root, folder: '/' }),
      (error) => error instanceof UserError && /Did you mean "playbook\/demo"/.test(error.remedy),
    );
  });

  describe('and the goal', () => {
    const wanted = (goal: string) => ({ goal, arch: 'x86_64' as const, mode: 'kernel_build' as const });
    const playbook = () => load(`${SESSION}[[session.answer]]\ntext = "x"\n`);

    it('covers its own words, in any order, number and case', () => {
      for (const goal of [
        'Build a bootable kernel with SLM rule engine that detects hardware via PCI scan',
        'build bootable kernels with an SLM rule-engine, detecting hardware'.replace('detecting', 'detect'),
        'Please make a kernel that boots and detects hardware by PCI scan using the SLM rule engine!',
      ]) {
        assert.ok(coversGoal(playbook(), goal), goal);
      }
    });

    it('does not cover what says something else, too little or nothing', () => {
      for (const goal of [
        'Build a bootable kernel with SLM rule engine that detects hardware via USB scan',
        'Build a bootable kernel without SLM rule engine that detects hardware via PCI scan',
        'Build a bootable kernel in Rust with SLM rule engine that detects hardware via PCI scan',
        'Build a kernel',
        'Write a web shop',
        '',
      ]) {
        assert.ok(!coversGoal(playbook(), goal), goal);
      }
    });

    it('is answered with what is covered and how to use a model', () => {
      assert.throws(
        () => assertCovers(playbook(), wanted('Write a web shop')),
        (error) => {
          assert.ok(error instanceof UserError);
          assert.match(
            error.message,
            /does not cover the goal "Write a web shop"\. It covers .*"Build a bootable/,
          );
          assert.match(error.remedy, /ANTHROPIC_API_KEY.*--model ollama/);
          assert.equal(error.exitCode, 2);
          return true;
        },
      );
      const [goal = ''] = playbook().goals;
      assert.doesNotThrow(() => assertCovers(playbook(), wanted(goal)));
      assert.throws(() => assertCovers(playbook(), { ...wanted(goal), arch: 'riscv64' }), /riscv64/);
      assert.throws(() => assertCovers(playbook(), { ...wanted(goal), mode: 'dual' }), /workflow mode dual/);
    });
  });
});
