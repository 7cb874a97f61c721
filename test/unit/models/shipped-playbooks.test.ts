import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { join, matchesGlob } from 'node:path';
import { expandCalls } from '../../../src/models/playbook/expand.ts';
import { assertCovers } from '../../../src/models/playbook/goal.ts';
import { loadPlaybook, sessionKey } from '../../../src/models/playbook/load.ts';
import { ARCHITECTURES, type Architecture } from '../../../src/protocol/roles.ts';
import { taskSpecSchema } from '../../../src/protocol/schema/task.ts';
import type { TaskSpec } from '../../../src/protocol/task.ts';
import { checkTasks } from '../../../src/run/graph.ts';
import { loadAcceptanceTests, selectTests } from '../../../src/validation/acceptance.ts';

const KERNEL = 'kernels/reference';
const SPEC = 'kernel_spec';
const acceptance = loadAcceptanceTests(`${SPEC}/tests/acceptance.toml`);

/** What is there about the kernel and not of it. */
const NOT_OF_THE_KERNEL = ['README.md'];
/** Tasks that may come in any order write these, all the same. */
const SHARED = ['slm/subsystem.mk'];
/** Of the kernel's own headers; the compiler's are in angle brackets without a folder. */
const INCLUDE = /^#include (?:"(?:\.\.\/)*([^"]+)"|<(auton\/[^>]+)>)/gm;
/** The folders that the core has nothing of, and the drivers that need more than it. */
const BEYOND_THE_CORE =
  /^(fs|net|pkg|setup|bench|slm_neural|slm_model|drivers\/(virtio|tests)|arch\/[^/]+\/(slm_neural|setup)|tools\/(mk|initramfs|modelsum))/;

for (const { name, whole } of [
  { name: 'reference', whole: false },
  { name: 'complete', whole: true },
]) {
  const playbook = loadPlaybook(join('playbooks', name));
  for (const arch of ARCHITECTURES) {
    const calls = [...(playbook.sessions[arch] ?? [])].flatMap(([key, session]) =>
      session.answer
        .flatMap((answer) => expandCalls(playbook, arch, key, answer))
        .map((call) => ({ task: session.task, ...call })),
    );
    const tasks = calls
      .filter(({ tool }) => tool === 'propose_tasks')
      .flatMap(({ input }) => input['tasks'] as unknown[])
      .map((task): TaskSpec => taskSpecSchema.parse(task));
    const written = calls
      .filter(({ tool }) => tool === 'write_file')
      .map(({ task, input }) => ({ task, path: String(input['path']) }));

    describe(`the playbook ${name} on ${arch}`, () => {
      it('has a plan that can be worked on, with a session for each task and a review of it', () => {
        assert.deepEqual(checkTasks(tasks), []);
        const sessions = [...(playbook.sessions[arch]?.keys() ?? [])];
        for (const { id: task, role } of tasks) {
          const attempts = [1, 2].filter((attempt) => sessions.includes(sessionKey({ role, task, attempt })));
          assert.ok(attempts.includes(1), `nobody works on ${task}`);
          const reviews = attempts.filter((attempt) =>
            sessions.includes(sessionKey({ role: 'reviewer', task, attempt })),
          );
          assert.ok(reviews.includes(attempts.at(-1)!), `nobody reviews the last attempt at ${task}`);
        }
      });

      it('writes each file in one task, which owns it', () => {
        const by = new Map<string, Set<string>>();
        for (const { task, path } of written) by.set(path, (by.get(path) ?? new Set()).add(task));
        const twice = [...by].filter(([path, owners]) => owners.size > 1 && !SHARED.includes(path));
        assert.deepEqual(twice, []);
        for (const { task, path } of written) {
          const { scope = [] } = tasks.find(({ id }) => id === task) ?? {};
          assert.ok(
            scope.some((glob) => matchesGlob(path, glob)),
            `${task} does not own ${path}`,
          );
        }
      });

      it(`writes every file of the ${whole ? 'kernel' : 'core'}`, () => {
        const missing = globSync('**/*', { cwd: KERNEL })
          .filter((path) => statSync(join(KERNEL, path)).isFile() && isFor(arch, path))
          .filter((path) => whole || !BEYOND_THE_CORE.test(path))
          .filter((path) => !written.some((file) => file.path === path) && !NOT_OF_THE_KERNEL.includes(path));
        assert.deepEqual(missing, []);
      });

      it('includes in each file what its task or one before it has written', () => {
        for (const { task, path } of written.filter((file) => /\.(c|h|S)$/.test(file.path))) {
          const before = withEarlier(task, tasks);
          const there = written.filter((file) => before.includes(file.task));
          for (const [, own, header = own ?? ''] of readFileSync(join(KERNEL, path), 'utf8').matchAll(
            INCLUDE,
          ))
            assert.ok(
              there.some((file) => `/${file.path}`.endsWith(`/${header}`)),
              `${path} of ${task} includes ${header}`,
            );
        }
      });

      it('asks for tests that there are, of what the task or one before it brings', () => {
        const asked = tasks.flatMap(({ acceptance: names }) => names);
        const there = selectTests(acceptance, { architecture: arch, names: asked });
        assert.deepEqual(new Set(asked), new Set(there.map((test) => test.name)));
        if (!whole) return;
        const left = selectTests(acceptance, { architecture: arch })
          .map((test) => test.name)
          .filter((test) => !asked.includes(test));
        assert.deepEqual(left, []);
      });

      it('reads chapters of the specification that there are', () => {
        for (const { tool, input } of calls) {
          if (tool === 'read_spec')
            assert.ok(existsSync(join(SPEC, `${String(input['name'])}.md`)), String(input['name']));
        }
      });

      it('has a meaning for every name', () => {
        const said = [...(playbook.sessions[arch]?.values() ?? [])];
        assert.doesNotMatch(JSON.stringify([tasks, said]), /\{[a-z][a-z_]+\}/);
      });
    });
  }
}

/** A task and all that are merged before it begins. */
function withEarlier(task: string, tasks: readonly TaskSpec[]): string[] {
  const earlier = new Set([task]);
  for (const id of earlier) {
    for (const before of tasks.find((one) => one.id === id)?.dependsOn ?? []) earlier.add(before);
  }
  return [...earlier];
}

function isFor(arch: Architecture, path: string): boolean {
  const [folder, second = ''] = path.split('/');
  const own = (ARCHITECTURES as readonly string[]).includes(second);
  return !own || second === arch || !['arch', 'drivers'].includes(folder ?? '');
}

describe('the goals of the complete playbook', () => {
  const playbook = loadPlaybook('playbooks/complete');
  const covers = (goal: string) => () =>
    assertCovers(playbook, { goal, arch: 'riscv64', mode: 'kernel_build' });

  it('are covered in words of their own', () => {
    for (const goal of [
      'Build the complete kernel with file systems, networking and packages',
      'build a complete kernel with file systems, a TCP/IP network and a package manager',
      'Please make a complete riscv64 kernel with drivers, ext2 file systems, network and services',
    ])
      assert.doesNotThrow(covers(goal), goal);
  });

  it('do not stretch to what nobody builds', () => {
    for (const goal of [
      'Build the complete kernel with file systems, networking, packages and a window system',
      'Build the complete kernel with file systems, networking and packages in Rust',
      'Build the complete kernel with USB, file systems, networking and packages',
      'Build a bootable kernel',
    ])
      assert.throws(covers(goal), /does not cover the goal/, goal);
  });
});
