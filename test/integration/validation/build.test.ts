import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { configSchema } from '../../../src/protocol/config.ts';
import type { Evidence } from '../../../src/protocol/evidence.ts';
import { createSandbox } from '../../../src/tools/sandbox/create.ts';
import type { Sandbox } from '../../../src/tools/sandbox.ts';
import { adoptObjects, sharedObjects } from '../../../src/validation/objects.ts';
import { validateBuild } from '../../../src/validation/build.ts';
import type { BuildOptions } from '../../../src/validation/build.ts';
import { kernelOf } from '../../../src/validation/record.ts';
import { miniKernel } from '../../fixtures/mini-kernel.ts';
import type { MiniKernel } from '../../fixtures/mini-kernel.ts';

const config = configSchema.parse({});

describe('build validator', () => {
  let sandbox: Sandbox;
  let mini: MiniKernel;
  before(async () => (sandbox = await createSandbox(config.sandbox, { hide: [] })));
  beforeEach(() => (mini = miniKernel()));
  afterEach(() => mini.remove());

  const build = (rest: Partial<BuildOptions> = {}) =>
    validateBuild({
      ...{
        workspace: mini.folder,
        runFolder: mini.runFolder,
        architecture: 'x86_64',
        target: 'kernel',
        sandbox,
      },
      ...{ tools: config.kernel, timeoutMs: 200_000 },
      ...rest,
    });
  const errors = async (rest?: Partial<BuildOptions>) => {
    const evidence = await build(rest);
    assert.equal(evidence.passed, false, evidence.summary);
    assert.deepEqual(
      evidence.files.map(({ role }) => role),
      ['build-log'],
    );
    return evidence.findings
      .map(({ file, line, message }) => `${file ?? ''}:${line ?? ''} ${message}`)
      .join('\n');
  };

  it('leaves a kernel with its hash, and the workspace as it was', async () => {
    const before = readdirSync(mini.folder, { recursive: true });
    const evidence = await build({ tree: 'abc' });
    assert.equal(evidence.passed, true, evidence.tail);
    assert.equal(evidence.tree, 'abc');
    const kernel = kernelOf(evidence, mini.runFolder);
    assert.ok(kernel);
    const sha256 = createHash('sha256').update(readFileSync(kernel)).digest('hex');
    assert.equal(evidence.files.find(({ role }) => role === 'kernel')?.sha256, sha256);
    assert.deepEqual(readdirSync(mini.folder, { recursive: true }), before);
  });

  it('builds in a folder whose path has what make and shells take apart', async () => {
    const root = join(mini.runFolder, "my kernels & 'more' #1: ünï");
    const workspace = join(root, 'kernel');
    cpSync(mini.folder, workspace, { recursive: true });
    const evidence = await build({ workspace, runFolder: join(root, 'run') });
    assert.equal(evidence.passed, true, evidence.tail);
  });

  it('takes objects of accepted builds, and makes the same kernel of them', async () => {
    const objects = () => readdirSync(join(mini.runFolder, 'objects')).length;
    const first = await build();
    assert.equal(objects(), 0, 'a build that is not accepted leaves nothing for others');
    const waiting = join(mini.runFolder, 'waiting');
    await build({ keepObjects: waiting });
    assert.equal(objects(), 0, 'nor does one whose objects wait for a review');
    writeFileSync(join(waiting, 'kernel.o'), '');
    const compiled = readdirSync(waiting).length - 1;
    adoptObjects(waiting, sharedObjects(mini.runFolder));
    assert.equal(objects(), compiled, 'what is not named by a hash is no object');
    await build({ keepObjects: sharedObjects(mini.runFolder) });
    const kept = objects();
    assert.ok(kept >= 6, `${kept} objects`);
    assert.equal(kept, compiled, 'the second build took every object of the first');
    const again = await build({ keepObjects: sharedObjects(mini.runFolder) });
    const sha = (evidence: Evidence) => evidence.files.find(({ role }) => role === 'kernel')?.sha256;
    assert.equal(sha(again), sha(first));
    assert.equal(objects(), kept);

    mini.write(
      'kernel/kernel.h',
      `${readFileSync(join(mini.folder, 'kernel/kernel.h'), 'utf8')}int added(void);\n`,
    );
    mini.write('beta/beta.c', '#include "kernel.h"\nint added(void) { int unused_here; return 1; }\n');
    assert.match(await errors(), /unused_here/);
  });

  it('builds with clang, and only some subsystems', async () => {
    const evidence = await build({ tools: { ...config.kernel, cc: 'clang' }, subsystems: ['boot', 'beta'] });
    assert.equal(evidence.passed, true, evidence.tail);
    const log = readFileSync(join(mini.runFolder, evidence.files[0]?.path ?? ''), 'utf8');
    assert.match(log, /^clang .*alpha\/alpha\.c/m);
    assert.doesNotMatch(log, /gamma/);
  });

  it('compiles without linking, and checks headers', async () => {
    for (const target of ['compile', 'headers'] as const) {
      const evidence = await build({ target });
      assert.equal(evidence.passed, true, evidence.tail);
      assert.deepEqual(
        evidence.files.map(({ role }) => role),
        ['build-log'],
      );
    }
    mini.write('kernel/broken.h', 'struct nothing_known_here x;\n');
    assert.match(await errors({ target: 'headers' }), /storage size of .x. isn.t known/);
  });

  it('gives compiler messages their place', async () => {
    mini.write('beta/beta.c', '#include "kernel.h"\nint f(void) { return nowhere; }\n');
    assert.match(await errors(), /^beta\/beta\.c:2 .nowhere. undeclared/);
  });

  it('gives linker messages', async () => {
    mini.write('beta/beta.c', 'void gone(void);\nvoid here(void);\nvoid here(void) { gone(); }\n');
    assert.match(await errors(), /undefined reference to .gone/);
  });

  it('fails on a warning, whatever the Makefile says about warnings', async () => {
    mini.write('beta/beta.c', 'static int unused_here;\nextern int x;\n');
    const makefile = readFileSync(join(mini.folder, 'Makefile'), 'utf8').replace(
      '-Wall -Wextra -Werror',
      '-w -Wno-error -Wno-unused-variable',
    );
    mini.write('Makefile', makefile);
    assert.match(await errors(), /^beta\/beta\.c:1 .unused_here. defined but not used/);
    assert.match(await errors({ tools: { ...config.kernel, cc: 'clang' } }), /unused variable 'unused_here'/);
  });

  it('refuses flags hidden in a response file', async () => {
    const makefile = readFileSync(join(mini.folder, 'Makefile'), 'utf8').replace(
      '$(CC) $(CFLAGS) -c',
      '$(CC) @flags $(CFLAGS) -c',
    );
    mini.write('Makefile', makefile);
    mini.write('flags', '-w\n');
    assert.match(await errors(), /response file \(@flags\)/);
  });

  it('fails when make succeeds without making a kernel', async () => {
    mini.write('Makefile', 'all:\n\t@echo done\ncompile:\n');
    assert.match(await errors(), /make succeeded, but there is no kernel\.elf/);
    assert.match(await errors({ target: 'compile' }), /without compiling anything/);
  });

  it('fails when what make leaves is no kernel for this machine', async () => {
    mini.write('Makefile', 'all:\n\t@echo "AUTON Kernel booting" > $(O)/kernel.elf\n');
    assert.match(await errors(), /kernel\.elf is not an ELF file/);
    mini.write('Makefile', 'all:\n\t@ln -s /bin/true $(O)/kernel.elf\n');
    assert.match(await errors(), /kernel\.elf is not a regular file/);
    mini.write('Makefile', 'all:\n\t@echo "int x;" | $(CC) -m32 -x c -c -o $(O)/kernel.elf -\n');
    assert.match(await errors(), /for another machine \(ELF machine 3/);
  });

  it('cannot be fed with a kernel from outside', async () => {
    mini.build();
    mini.write('Makefile', 'all:\n\t@cp ../out/kernel.elf $(O)/kernel.elf\n');
    assert.match(await errors(), /Error 1|cannot stat/);
  });

  it('cannot write to the workspace', async () => {
    mini.write('Makefile', 'all:\n\t@echo "x" > planted.c\n');
    await errors();
    assert.equal(existsSync(join(mini.folder, 'planted.c')), false);
  });

  it('ends a build that takes too long', async () => {
    mini.write('Makefile', 'all:\n\tsleep 60\n');
    assert.match(await errors({ timeoutMs: 300 }), /took longer than 0\.3 s/);
  });

  it('rejects with the signal when aborted', async () => {
    mini.write('Makefile', 'all:\n\tsleep 60\n');
    const abort = new AbortController();
    const running = build({ signal: abort.signal });
    setTimeout(() => abort.abort(new Error('cancelled by the user')), 100);
    await assert.rejects(running, /cancelled by the user/);
  });

  it('names the remedy for a missing compiler', async () => {
    mkdirSync(mini.runFolder, { recursive: true });
    await assert.rejects(build({ tools: { ...config.kernel, cc: 'gcc-99' } }), {
      name: 'UserError',
      message: /gcc-99 was not found/,
    });
    await assert.rejects(build({ env: { PATH: '' } }), { message: /make was not found/, remedy: /install/ });
  });
});
