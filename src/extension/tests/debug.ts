import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import {
  debug,
  extensions,
  l10n,
  TestMessage,
  ThemeIcon,
  window,
  type CancellationToken,
  type Disposable,
  type TestItem,
  type TestRun,
} from 'vscode';
import { findProgram } from '../../kernel/toolchain.ts';
import { UserError } from '../../protocol/errors.ts';
import { SerialJudge } from '../../validation/serial-judge.ts';
import { nodeProgram } from '../common/node.ts';
import type { Ctx } from '../ctx.ts';
import type { AutonFolder } from '../folder.ts';
import { machineArgs } from '../kernel/args.ts';
import type { Machine } from '../kernel/machine.ts';
import { kernelOfFolder } from '../kernel/source.ts';
import { buildTask, runTask } from '../kernel/tasks.ts';
import type { Catalogue } from './catalogue.ts';
import { skipUnable } from './run.ts';
import { verdictOf } from './verdict.ts';

/** The extension that brings the debugger for C to the editor. */
const CPP_TOOLS = 'ms-vscode.cpptools';
/** Where the specification has a kernel's C begin. */
const FIRST_FUNCTION = 'kernel_main';
const START_TIMEOUT_MS = 30_000;
/** Nobody debugs longer than a day. */
const SESSION_MS = 24 * 3600 * 1000;

/**
 * Boots the kernel halted for a debugger and attaches one: the editor's own for C when it is installed, else gdb in a
 * terminal. One machine at a time, so tests of one kernel; they are judged when the machine ends.
 */
export async function debugTests(
  ctx: Ctx,
  catalogue: Catalogue,
  run: TestRun,
  items: readonly TestItem[],
  token: CancellationToken,
): Promise<void> {
  const [first, ...others] = skipUnable(catalogue, run, items);
  if (!first) return;
  const one = catalogue.get(first);
  // Those that start the machine in the same way; the others are left for another time.
  const together = others.filter((item) => {
    const { folder, architecture, test } = catalogue.get(item);
    return folder === one.folder && architecture === one.architecture && test.boot === one.test.boot;
  });
  const tests = [first, ...together];
  for (const item of others) if (!tests.includes(item)) run.skipped(item);

  const { folder, architecture } = one;
  const arch = architecture.name;
  if ((await runTask(buildTask(ctx, folder, { arch }))) !== 0) {
    const message = new TestMessage(l10n.t('The kernel does not build: see the Problems view.'));
    for (const item of tests) run.errored(item, message);
    return;
  }
  const { built } = await kernelOfFolder(ctx, folder, arch);
  const port = await freePort();
  const name = l10n.t('Debug {0}', tests.length === 1 ? one.test.name : arch);
  const machine = ctx.machines.boot(name, {
    ...{ extensionPath: ctx.extension.extensionPath, folder: folder.path },
    program: () => nodeProgram(ctx.extension),
    args: [
      ...['kernel', 'boot', '--image', built, '--gdb', String(port), '--halt'],
      ...machineArgs(folder, { arch, iso: one.test.boot === 'iso' }, cmdlineOf(catalogue, tests)),
    ],
  });
  for (const item of tests) run.started(item);
  const typed = gdbArgs(built, port).map((word) => (/[^\w./:=-]/.test(word) ? `'${word}'` : word));
  run.appendOutput(`${l10n.t('The kernel waits for a debugger:')} gdb ${typed.join(' ')}\r\n`);
  const cancelled = token.onCancellationRequested(() => machine.close());
  let attached: Disposable | null = null;
  try {
    if (!(await machine.until(() => machine.running, START_TIMEOUT_MS))) return;
    attached = await attach(folder, name, built, port);
    await machine.until(() => !machine.running, SESSION_MS);
    judge(catalogue, run, tests, machine);
  } finally {
    cancelled.dispose();
    attached?.dispose();
  }
}

/** gdb tries for a while to connect: QEMU may still be starting. Disposing the result ends what is only for gdb. */
async function attach(
  { folder, path }: AutonFolder,
  name: string,
  kernel: string,
  port: number,
): Promise<Disposable | null> {
  const gdb = findProgram('gdb');
  if (extensions.getExtension(CPP_TOOLS)) {
    await debug.startDebugging(folder, {
      ...{ type: 'cppdbg', request: 'launch', name, program: kernel, cwd: path, stopAtConnect: true },
      ...{ MIMode: 'gdb', miDebuggerServerAddress: `localhost:${port}` },
      ...(gdb === undefined ? {} : { miDebuggerPath: gdb }),
    });
    return null;
  }
  if (gdb !== undefined) {
    const terminal = window.createTerminal({
      ...{ name: 'gdb', cwd: path, iconPath: new ThemeIcon('debug-alt') },
      ...{ shellPath: gdb, shellArgs: ['-q', ...gdbArgs(kernel, port)] },
    });
    terminal.show();
    return terminal;
  }
  throw new UserError(
    l10n.t('The kernel waits for a debugger on port {0}, and there is none.', port),
    l10n.t('Install gdb, or the C/C++ extension of the editor.'),
  );
}

function gdbArgs(kernel: string, port: number): string[] {
  const commands = [
    `target remote localhost:${port}`,
    'set breakpoint pending on',
    `thbreak ${FIRST_FUNCTION}`,
    'continue',
  ];
  return [kernel, ...commands.flatMap((command) => ['-ex', command])];
}

/** As the validator judges, on what the serial terminal showed. */
function judge(catalogue: Catalogue, run: TestRun, items: readonly TestItem[], { text }: Machine): void {
  for (const item of items) {
    const { name, subsystem, patterns } = catalogue.get(item).test;
    const serial = new SerialJudge([{ ...NO_DEMANDS, name, subsystem, patterns }]);
    for (const line of text.split('\n')) serial.read(line);
    const [result] = serial.results();
    if (result?.passed) run.passed(item);
    else if (result) run.failed(item, new TestMessage(verdictOf(result, null, text).text));
  }
}

/** What of a test says nothing about its lines. */
const NO_DEMANDS = {
  ...{ arch: [], needs: [], devices: [], forbidden: [] },
  ...{ boot: 'kernel' as const, cmdline: '', timeoutSeconds: 20 },
};

/** The words of all command lines, each once; `test=` with all subsystems. */
function cmdlineOf(catalogue: Catalogue, items: readonly TestItem[]): string {
  const tests = items.map((item) => catalogue.get(item).test);
  const words = tests.flatMap(({ cmdline }) =>
    cmdline.split(' ').filter((word) => !word.startsWith('test=')),
  );
  const subsystems = new Set(tests.map(({ subsystem }) => subsystem));
  return [`test=${[...subsystems].join(',')}`, ...new Set(words)].join(' ');
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
