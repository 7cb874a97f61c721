import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { expandCalls } from '../../../src/models/playbook/expand.ts';
import { loadPlaybook } from '../../../src/models/playbook/load.ts';
import { termsFor, withTerms } from '../../../src/models/playbook/terms.ts';
import { ARCHITECTURES } from '../../../src/protocol/roles.ts';

const playbook = loadPlaybook('playbooks/reference');
const kernel = 'kernels/reference';
const CORE = ['lib', 'kernel', 'mm', 'sched', 'ipc', 'dev', 'slm', 'sys', 'tests'];
/** Parts of an architecture that belong to the core, in folders of their own. */
const CORE_PARTS = ['include', 'mm', 'sched'];

interface Plan {
  tasks: { id: string; title: string; scope: string[]; acceptance?: string[] }[];
}
const plan = (arch: (typeof ARCHITECTURES)[number]) => {
  const raw = JSON.parse(readFileSync(join(playbook.folder, 'plan.json'), 'utf8')) as Plan;
  return withTerms(raw, termsFor(playbook, arch));
};

describe('the reference playbook', () => {
  for (const arch of ARCHITECTURES) {
    it(`writes every file of the core for ${arch}`, () => {
      const parts = CORE_PARTS.map((part) => `arch/${arch}/${part}`);
      const folders = [...CORE, ...parts, `drivers/${arch}`];
      const wanted = [
        ...folders.flatMap((folder) => globSync(`${folder}/**/*.{c,h,S,asm,mk,ld,tsv}`, { cwd: kernel })),
        ...globSync(`arch/${arch}/*`, { cwd: kernel }).filter((path) => extname(path) !== ''),
        ...globSync('{Makefile,include/**/*.h,drivers/*.c}', { cwd: kernel }),
      ];
      const written = [...(playbook.sessions[arch]?.entries() ?? [])].flatMap(([key, session]) =>
        session.answer
          .flatMap((answer) => expandCalls(playbook, arch, key, answer))
          .flatMap(({ tool, input }) => (tool === 'write_file' ? [String(input['path'])] : [])),
      );
      // What an architecture has for a subsystem that is not of the core comes with that subsystem.
      const later = (path: string) => /^arch\/[^/]+\/slm_neural\//.test(path);
      assert.deepEqual(
        wanted.filter((path) => !later(path) && !written.includes(path)),
        [],
      );
    });

    it(`has a meaning for every name when it is played for ${arch}`, () => {
      const sessions = [...(playbook.sessions[arch]?.values() ?? [])];
      assert.doesNotMatch(JSON.stringify([plan(arch), sessions]), /\{[a-z][a-z_]+\}/);
      for (const { id } of plan(arch).tasks) {
        assert.ok(
          sessions.some(({ task }) => task === id),
          `nobody works on ${id}`,
        );
      }
    });

    it(`asks for tests that ${arch} has`, () => {
      const toml = readFileSync('kernel_spec/tests/acceptance.toml', 'utf8');
      for (const name of plan(arch).tasks.flatMap(({ acceptance }) => acceptance ?? []))
        assert.match(toml, new RegExp(`^name = "${name}"$`, 'm'));
    });
  }
});
