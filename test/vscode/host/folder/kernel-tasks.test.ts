import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { copyBootKernel } from '../../harness/boot-kernel.ts';
import { until } from '../../harness/wait.ts';

/** A first build on a busy machine. */
const BUILD_MS = 120_000;
/** Before the kernel runs its self-tests and reads its first line. */
const PLACE = '    selftests_from_cmdline();';

describe('Tasks of a kernel', function () {
  this.timeout(2 * BUILD_MS);
  let kernel: string;
  let main: string;

  before(async () => {
    const extension = vscode.extensions.getExtension('auton.auton')!;
    await extension.activate();
    kernel = join(vscode.workspace.workspaceFolders![0]!.uri.fsPath, 'kernels/x86_64');
    main = join(kernel, 'kernel/main.c');
    copyBootKernel(join(extension.extensionPath, 'kernels/reference'), kernel);
  });
  after(() => rmSync(kernel, { recursive: true, force: true }));

  /** Puts a line into the kernel; its number. */
  function plant(line: string): number {
    const text = readFileSync(main, 'utf8');
    writeFileSync(main, text.replace(PLACE, `    ${line}\n${PLACE}`));
    return text.slice(0, text.indexOf(PLACE)).split('\n').length;
  }
  const unplant = (line: string) =>
    writeFileSync(main, readFileSync(main, 'utf8').replace(`    ${line}\n`, ''));

  const taskOf = async (type: string) => {
    const [task] = await vscode.tasks.fetchTasks({ type });
    assert.ok(task, `a task of type ${type}`);
    return task;
  };
  const problems = () =>
    vscode.languages
      .getDiagnostics(vscode.Uri.file(main))
      .map(({ message, range }) => `${range.start.line + 1} ${message}`);

  it('are offered for building, booting and judging', async () => {
    assert.equal((await taskOf('auton-build')).group, vscode.TaskGroup.Build);
    assert.equal((await taskOf('auton-validate')).group, vscode.TaskGroup.Test);
    assert.equal((await taskOf('auton-qemu')).name, 'boot kernel');
  });

  it('list what the compiler says at its lines, and nothing once it is mended', async () => {
    const line = plant('int planted;');
    await vscode.tasks.executeTask(await taskOf('auton-build'));
    await until('the problem', () => problems().length > 0, { timeoutMs: BUILD_MS, saw: problems });
    assert.match(problems().join(), new RegExp(`^${line} unused variable|^${line} .*planted`));
    unplant('int planted;');
    await vscode.tasks.executeTask(await taskOf('auton-build'));
    await until('no problem', () => problems().length === 0, { timeoutMs: BUILD_MS, saw: problems });
  });
});
