import { execFileSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const HERE = import.meta.dirname;
const KERNEL = join(HERE, '../../../kernels/reference');
/** The short list of devices that the kernel builds with where the system has none. */
export const SUBSET = join(KERNEL, 'slm/data/pci.ids');

/** The SLM's own sources, built as a program with the tables that the kernel build makes; returns its path. */
export function buildHarness(folder: string, pciIds = SUBSET): string {
  const run = (command: string, args: string[]) =>
    execFileSync(command, args, { cwd: KERNEL, encoding: 'utf8' });
  const at = (name: string) => join(folder, name);
  run('cc', ['-std=gnu11', '-O1', '-o', at('kbgen'), 'tools/kbgen.c']);
  run(at('kbgen'), [pciIds, at('kb.bin')]);
  run('cc', ['-std=gnu11', '-O1', '-o', at('intentgen'), 'tools/intentgen.c']);
  writeFileSync(at('intent_model.c'), run(at('intentgen'), ['slm/data/intents.tsv']));
  const kernelOnly = /_test\.c$|^(service|command)\.c$/;
  const sources = readdirSync(join(KERNEL, 'slm')).filter(
    (name) => name.endsWith('.c') && !kernelOnly.test(name),
  );
  const includes = ['-Iinclude', '-Iarch/x86_64/include', '-Islm'];
  const own = [join(HERE, 'harness.c'), join(HERE, 'machine.c'), at('intent_model.c'), 'dev/pci_class.c'];
  const files = [...sources.map((name) => `slm/${name}`), ...own];
  const checks = ['-g', '-fno-builtin', '-fsanitize=address,undefined', '-fno-sanitize-recover=all'];
  run('cc', ['-std=gnu11', '-c', `-DKB_BLOB="${at('kb.bin')}"`, '-o', at('kb.o'), 'tools/kb.S']);
  run('cc', ['-std=gnu11', '-O1', ...checks, ...includes, '-o', at('harness'), ...files, at('kb.o')]);
  return at('harness');
}
