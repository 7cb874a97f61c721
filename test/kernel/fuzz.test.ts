import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { assets } from '../../src/config/assets.ts';
import { skipBecause } from '../fixtures/real-sandbox.ts';
import { cpioArchives, packages, partitionTables } from './fuzz/seeds-fs.ts';
import { netMessages, netPackets } from './fuzz/seeds-net.ts';
import { acpiTables, commandLines, deviceTrees, pciFunctions } from './fuzz/seeds.ts';

const here = join(dirname(fileURLToPath(import.meta.url)), 'fuzz');
const { referenceKernel } = assets();
const run = promisify(execFile);

/** Seconds of each target. A longer search: AUTON_FUZZ_SECONDS=600 AUTON_FUZZ_KEEP=1, which renews the corpus. */
const SECONDS = Number(process.env['AUTON_FUZZ_SECONDS'] ?? 3);
const KEEP = process.env['AUTON_FUZZ_KEEP'] !== undefined;
/** One input may take so long: the kernel must not be held up by what it reads. */
const HANG_SECONDS = 5;
/** Larger ones are not worth their place in the repository. */
const MAX_KEPT_BYTES = 900;

interface Target {
  /** Of `fuzz/<name>.c` and of `fuzz/corpus/<name>.txt`, one input a line, base64. */
  name: string;
  /** Under the kernel's folder. */
  sources: string[];
  /** Beside the target in `fuzz/`, what more of a kernel it needs. */
  own?: string[];
  maxBytes: number;
  /** Inputs made here, beside those of the corpus. */
  seeds: () => Buffer[];
}

const inDev = (...names: string[]) => names.map((name) => `dev/${name}.c`);
const inFs = (...names: string[]) => names.map((name) => `fs/${name}.c`);
const PARTITIONS = ['partition/partition', 'partition/mbr', 'partition/gpt'];
const VFS = [
  'inode',
  'path',
  'name_cache',
  'mount',
  'tree',
  'file',
  'query',
  'whole_file',
  'ramfs',
  'ramfs_data',
  'cache',
];
const EXT2 = ['super', 'alloc', 'commit', 'map', 'inode', 'file', 'dir', 'names', 'format'];
const inNet = (...names: string[]) => names.map((name) => `net/${name}.c`);
const TARGETS: Target[] = [
  {
    name: 'net_packet',
    sources: [
      ...inNet(
        'address',
        'arp',
        'checksum',
        'dhcp',
        'dhcp_message',
        'dns',
        'dns_message',
        'ethernet',
        'fragment',
      ),
      ...inNet('icmp', 'ipv4', 'stack', 'udp'),
      ...inNet(
        'tcp',
        'tcp_congestion',
        'tcp_input',
        'tcp_output',
        'tcp_receive',
        'tcp_ring',
        'tcp_segment',
        'tcp_table',
        'tcp_timer',
      ),
    ],
    maxBytes: 2000,
    seeds: netPackets,
  },
  {
    name: 'net_message',
    sources: inNet('address', 'dhcp_message', 'dns_message', 'http_message', 'http_text'),
    maxBytes: 800,
    seeds: netMessages,
  },
  {
    name: 'fdt',
    sources: ['lib/fdt.c', 'lib/fdt_address.c', 'lib/fdt_interrupt.c'],
    maxBytes: 2000,
    seeds: deviceTrees,
  },
  { name: 'cpio', sources: inFs('cpio'), maxBytes: 1000, seeds: cpioArchives },
  {
    name: 'partition',
    sources: [...inFs(...PARTITIONS), ...inDev('block')],
    own: ['fs_kernel'],
    maxBytes: 2100,
    seeds: partitionTables,
  },
  {
    name: 'ext2',
    sources: [...inFs(...VFS, ...EXT2.map((name) => `ext2/${name}`), ...PARTITIONS), ...inDev('block')],
    own: ['fs_kernel'],
    maxBytes: 200,
    seeds: () => [],
  },
  {
    name: 'loader',
    sources: [
      ...inFs(...VFS, ...EXT2.map((name) => `ext2/${name}`), ...PARTITIONS),
      ...[...inDev('block'), ...['volume', 'kernel'].map((name) => `arch/x86_64/setup/loader/${name}.c`)],
    ],
    own: ['fs_kernel'],
    maxBytes: 200,
    seeds: () => [],
  },
  {
    name: 'package',
    sources: ['tar', 'manifest', 'sha256'].map((name) => `pkg/${name}.c`),
    own: ['fs_kernel'],
    maxBytes: 3000,
    seeds: packages,
  },
  { name: 'acpi', sources: inDev('acpi_tables', 'acpi_aml'), maxBytes: 600, seeds: acpiTables },
  { name: 'cmdline', sources: ['kernel/cmdline.c'], maxBytes: 600, seeds: commandLines },
  {
    name: 'pci',
    sources: inDev('pci_scan', 'pci_config', 'pci_bar', 'pci_assign', 'pci_class', 'device'),
    maxBytes: 2000,
    seeds: pciFunctions,
  },
];

const COMPILER = [
  '-g',
  '-O1',
  '-std=c11',
  '-Wall',
  '-Wextra',
  '-Werror',
  '-fno-builtin',
  '-fno-omit-frame-pointer',
];
const SANITIZERS = ['-fsanitize=fuzzer,address,undefined', '-fno-sanitize-recover=undefined'];

describe('malformed input', function () {
  this.timeout(300_000 + 4 * SECONDS * 1000);
  let folder: string;
  before(function () {
    folder = mkdtempSync(join(tmpdir(), 'auton-fuzz-'));
    const empty = 'int LLVMFuzzerTestOneInput(const char *d, unsigned long n) { return !d && n; }';
    const args = [...SANITIZERS, '-x', 'c', '-', '-o', join(folder, 'empty')];
    if (spawnSync('clang', args, { input: empty }).status !== 0)
      skipBecause(this, 'clang with its sanitizers is not installed');
  });
  after(() => rmSync(folder, { recursive: true }));

  for (const target of TARGETS) {
    it(`neither hangs nor misleads what reads it: ${target.name}`, async () => {
      const work = join(folder, target.name);
      const [start, found] = [join(work, 'start'), join(work, 'found')];
      for (const path of [start, found]) mkdirSync(path, { recursive: true });
      const inputs = [...target.seeds(), ...corpusOf(target)];
      inputs.forEach((input, i) => writeFileSync(join(start, String(i)), input));
      const program = await build(target, work);
      const log = await fuzz(program, [
        `-max_len=${target.maxBytes}`,
        `-artifact_prefix=${work}/bad-`,
        found,
        start,
      ]);
      const bad = readdirSync(work).filter((name) => name.startsWith('bad-'));
      const shown = bad.map((name) => `${name}: ${readFileSync(join(work, name)).toString('base64')}`);
      assert.deepEqual(shown, [], log);
      assert.match(log, /Done \d+ runs/);
      if (KEEP) await renewCorpus(target, program, [found, start], join(work, 'kept'));
    });
  }
});

async function build({ name, sources, own: more = [] }: Target, work: string): Promise<string> {
  const program = join(work, name);
  const includes = [`-I${referenceKernel}/include`, `-I${referenceKernel}/arch/x86_64/include`];
  const files = ['lib/string.c', 'lib/printf.c', 'lib/crc32.c', ...sources].map((source) =>
    join(referenceKernel, source),
  );
  const own = [
    '-include',
    join(here, 'prefix.h'),
    join(here, `${name}.c`),
    join(here, 'host.c'),
    ...more.map((file) => join(here, `${file}.c`)),
  ];
  await run('clang', [...COMPILER, ...SANITIZERS, ...includes, ...own, ...files, '-o', program]);
  return program;
}

/** The end of what libFuzzer says. */
async function fuzz(program: string, args: string[]): Promise<string> {
  const limits = [`-max_total_time=${SECONDS}`, `-timeout=${HANG_SECONDS}`, '-rss_limit_mb=1024'];
  try {
    const { stderr } = await run(program, [...limits, ...args], { maxBuffer: 1 << 26 });
    return stderr.slice(-4000);
  } catch (error) {
    const { stderr = '', stdout = '' } = error as { stderr?: string; stdout?: string };
    return `${stdout}\n${stderr}`.slice(-12_000);
  }
}

const corpusFile = ({ name }: Target) => join(here, 'corpus', `${name}.txt`);

function corpusOf(target: Target): Buffer[] {
  const lines = readFileSync(corpusFile(target), 'utf8').split('\n').filter(Boolean);
  return lines.map((line) => Buffer.from(line, 'base64'));
}

/** Keeps the fewest inputs that reach all the code that was reached. */
async function renewCorpus(target: Target, program: string, from: string[], kept: string): Promise<void> {
  mkdirSync(kept);
  await run(program, ['-merge=1', '-use_counters=0', kept, ...from], { maxBuffer: 1 << 26 });
  const inputs = readdirSync(kept).map((name) => readFileSync(join(kept, name)));
  const small = inputs
    .filter(({ length }) => length <= MAX_KEPT_BYTES)
    .map((input) => input.toString('base64'));
  writeFileSync(corpusFile(target), `${small.sort().join('\n')}\n`);
}
