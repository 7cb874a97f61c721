import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Evidence } from '../../../src/protocol/evidence.ts';
import { UserError } from '../../../src/protocol/errors.ts';
import type { Review } from '../../../src/protocol/review.ts';
import type { TaskSpec } from '../../../src/protocol/task.ts';
import { runTool, toolDefinitions, TOOLS } from '../../../src/tools/registry.ts';
import type { ToolHost } from '../../../src/tools/tool.ts';
import { Workbench } from '../../fixtures/tool-workbench.ts';

const evidence: Evidence = {
  id: 'build-1',
  kind: 'build',
  passed: false,
  summary: 'The build failed.',
  startedAt: '2026-01-01T00:00:00Z',
  durationMs: 1,
  findings: [{ severity: 'error', message: 'unknown type', file: 'mm/pmm.c', line: 7, column: 3 }],
  tests: [{ name: 'pmm_alloc', subsystem: 'mm', passed: false, missing: ['\\[TEST\\] pmm: PASS'] }],
  files: [],
  tail: 'make: Error 1',
};

describe('toolDefinitions', () => {
  it('gives every tool an object schema, a description and descriptions of its arguments', () => {
    for (const definition of toolDefinitions(Object.keys(TOOLS))) {
      assert.equal(definition.inputSchema['type'], 'object', definition.name);
      assert.equal(definition.inputSchema['additionalProperties'], false, definition.name);
      assert.ok(definition.description.length > 40, definition.name);
      assert.ok(!('$schema' in definition.inputSchema), definition.name);
    }
  });

  it('asks only for arguments without a default', () => {
    const [edit, search] = toolDefinitions(['edit_file', 'search_code']);
    assert.deepEqual(edit!.inputSchema['required'], ['path', 'old_text', 'new_text']);
    assert.deepEqual(search!.inputSchema['required'], ['pattern']);
  });

  it('keeps the order it is asked for, and has no tool of an unknown name', () => {
    assert.deepEqual(
      toolDefinitions(['shell', 'read_file']).map(({ name }) => name),
      ['shell', 'read_file'],
    );
    assert.throws(() => toolDefinitions(['toString']), /no tool toString/);
  });
});

describe('runTool', () => {
  let bench: Workbench | undefined;
  const open = (options?: ConstructorParameters<typeof Workbench>[0]) => (bench = new Workbench(options));

  afterEach(() => {
    bench?.remove();
    bench = undefined;
  });

  it('answers a call of an unknown tool with the tools there are', async () => {
    const { context } = open();
    for (const name of ['delete_everything', 'constructor', '__proto__']) {
      const result = await runTool({ name, input: {} }, context, ['read_file', 'shell']);
      assert.deepEqual(result, {
        ok: false,
        text: `There is no tool "${name}". Your tools: read_file, shell.`,
      });
    }
  });

  it("answers a call of a tool of another role with this role's tools", async () => {
    const result = await runTool({ name: 'shell', input: { command: 'true' } }, open().context, [
      'read_file',
    ]);
    assert.deepEqual(result, { ok: false, text: 'shell is not a tool of your role. Your tools: read_file.' });
  });

  it('answers malformed JSON with what is wrong and how it ends', async () => {
    const call = { name: 'read_file', input: {}, malformed: '{"path": "a.c' };
    const { ok, text } = await runTool(call, open().context, ['read_file']);
    assert.ok(!ok);
    assert.match(text, /not valid JSON \(.*(Unterminated|position).*\).*\{"path": "a\.c/s);
  });

  it('answers arguments that do not fit with what does not', async () => {
    const { text } = await open().call('read_file', { path: 5, colour: 'red' });
    assert.match(text, /do not fit its schema/);
    assert.match(text, /expected string/);
    assert.match(text, /colour/);
    for (const input of [null, 'text', [], 7]) assert.ok(!(await bench!.call('read_file', input)).ok);
  });

  it('answers an error of the engine with its message and remedy', async () => {
    open({ host: { build: () => Promise.reject(new UserError('No compiler.', 'Install gcc.')) } });
    assert.deepEqual(await bench!.call('build_kernel', {}), { ok: false, text: 'No compiler. Install gcc.' });
  });

  it('rejects with the reason of a cancellation, before and during a tool', async () => {
    open({ host: { askUser: () => new Promise(() => undefined) } });
    const reason = new Error('stopped by the user');
    const running = bench!.call('shell', { command: 'sleep 30' });
    setTimeout(() => bench!.cancel(reason), 100);
    await assert.rejects(running, reason);
    await assert.rejects(bench!.call('list_files', {}), reason);
  });

  it('lets the host do the work of the SLM tools, and says so where there is none', async () => {
    const { ok, text } = await open().call('analyze_dataset', {});
    assert.ok(!ok);
    assert.match(text, /This run makes no model/);
    bench!.remove();
    const slm: ToolHost['slm'] = async (tool, input) => ({
      ok: true,
      text: `${tool} ${JSON.stringify(input)}`,
    });
    const done = await open({ host: { slm } }).call('analyze_dataset', {});
    assert.deepEqual(done, { ok: true, text: 'analyze_dataset {"name":"data"}' });
    const outside = await bench!.call('train_model', { name: '../x' });
    assert.ok(!outside.ok);
    assert.match(outside.text, /a name is letters/);
  });
});

describe('tools that the engine carries out', () => {
  let bench: Workbench;
  afterEach(() => bench.remove());

  it('build_kernel shows findings with their places, tests that failed and the end of the log', async () => {
    let built = '';
    bench = new Workbench({ host: { build: async (target) => ((built = target), evidence) } });
    const { ok, text } = await bench.call('build_kernel', {});
    assert.equal(built, 'kernel');
    assert.ok(!ok);
    assert.equal(
      text,
      'build FAILED: The build failed.\nmm/pmm.c:7:3: error: unknown type\n' +
        'test pmm_alloc (mm): FAILED\n  not seen: \\[TEST\\] pmm: PASS\nThe end of the log:\nmake: Error 1',
    );
  });

  it('run_test passes names on and succeeds when the evidence passed', async () => {
    let asked: string[] = [];
    bench = new Workbench({
      host: { test: async (names) => ((asked = names), { ...evidence, kind: 'boot', passed: true }) },
    });
    assert.ok((await bench.call('run_test', { names: ['pmm_alloc'] })).ok);
    assert.deepEqual(asked, ['pmm_alloc']);
  });

  it('git_diff keeps a long diff in a file that read_file reads', async () => {
    const diff = Array.from({ length: 3000 }, (_, i) => `+line ${i}`).join('\n');
    bench = new Workbench({ host: { diff: async () => diff } });
    const { text } = await bench.call('git_diff', {});
    assert.ok(text.length < 17_000);
    const name = /"(@output\/diff-[0-9a-f]+\.txt)"/.exec(text)?.[1];
    assert.ok(name, text.slice(-200));
    assert.match(
      (await bench.call('read_file', { path: name, first_line: 1500, last_line: 1500 })).text,
      /\+line 1499/,
    );
  });

  it('git_commit tells an empty commit from a real one', async () => {
    const shas = ['0123456789abcdef', null];
    bench = new Workbench({ host: { commit: async () => shas.shift()! } });
    assert.equal((await bench.call('git_commit', { message: 'Add it' })).text, 'Committed 0123456789ab.');
    assert.equal((await bench.call('git_commit', { message: 'Add it' })).text, 'Nothing to commit.');
  });

  it('propose_tasks fills in defaults and refuses what is no task before the engine sees it', async () => {
    let proposed: TaskSpec[] = [];
    bench = new Workbench({
      host: {
        proposeTasks: async (tasks) => ((proposed = tasks), { accepted: true, text: 'Added 1 task.' }),
      },
    });
    const task = {
      id: 'mm-pmm',
      title: 'Frames',
      description: 'Write it',
      subsystem: 'mm',
      scope: ['mm/**'],
    };
    assert.ok((await bench.call('propose_tasks', { tasks: [task] })).ok);
    assert.equal(proposed[0]?.role, 'developer');
    const bad = await bench.call('propose_tasks', { tasks: [{ ...task, role: 'king' }] });
    assert.match(bad.text, /tasks\[0\]\.role/);
    assert.ok(!(await bench.call('propose_tasks', { tasks: [] })).ok);
  });

  it('submit_review needs a comment to ask for changes', async () => {
    const reviews: Review[] = [];
    bench = new Workbench({ host: { submitReview: async (review) => void reviews.push(review) } });
    const bare = await bench.call('submit_review', { verdict: 'request_changes', summary: 'no' });
    assert.match(bare.text, /at least one comment/);
    assert.ok((await bench.call('submit_review', { verdict: 'approve', summary: 'good' })).ok);
    assert.equal(reviews.length, 1);
  });

  it('ask_user returns the answer', async () => {
    bench = new Workbench({ host: { askUser: async (question) => `You asked: ${question}` } });
    assert.equal((await bench.call('ask_user', { question: 'Which?' })).text, 'You asked: Which?');
  });

  it('read_spec lists the specification, reads a file of it and nothing around it', async () => {
    bench = new Workbench();
    mkdirSync(path.join(bench.context.specFolder, 'subsystems'));
    writeFileSync(path.join(bench.context.specFolder, 'subsystems', 'mm.md'), '# Memory\nFrames.\n');
    assert.match((await bench.call('read_spec', {})).text, /^subsystems\/mm\.md {2}Memory {2}\(3 lines\)$/);
    assert.equal((await bench.call('read_spec', { name: 'subsystems/mm.md' })).text, '# Memory\nFrames.\n');
    assert.equal((await bench.call('read_spec', { name: 'subsystems/mm' })).text, '# Memory\nFrames.\n');
    const missing = await bench.call('read_spec', { name: 'mm' });
    assert.match(missing.text, /mm does not exist\. The specification has:\nsubsystems\/mm\.md/);
    assert.match((await bench.call('read_spec', { name: '../worktree/x' })).text, /leads out/);
  });
});
