import {
  CustomExecution,
  l10n,
  ProcessExecution,
  Task,
  TaskGroup,
  TaskPanelKind,
  TaskRevealKind,
  tasks,
  type Disposable,
  type TaskDefinition,
  type TaskPresentationOptions,
} from 'vscode';
import { nodeProgram } from '../common/node.ts';
import type { Ctx } from '../ctx.ts';
import type { AutonFolder } from '../folder.ts';
import { TASK_TYPES } from '../ids.ts';
import { buildArgs, machineArgs, validateArgs, type KernelTask } from './args.ts';
import { Machine } from './machine.ts';

/** Compiler, assembler, linker and make may all speak in one build. */
const BUILD_MATCHERS = [
  ...['$auton-gcc', '$auton-clang', '$auton-nasm'],
  ...['$auton-ld', '$auton-ld-script', '$auton-make'],
];
const PANIC_MATCHER = '$auton-panic';
/** For the call chain, whose places are looked up. */
const LAST_WORDS_MS = 2000;
const PRESENTATION: TaskPresentationOptions = { panel: TaskPanelKind.Dedicated, clear: true };

/** One kind of task: what tasks.json may say of it, and what it does. */
type Maker = (ctx: Ctx, folder: AutonFolder, choice: KernelTask) => Task;

const MAKERS: Record<string, Maker> = {
  [TASK_TYPES.build]: buildTask,
  [TASK_TYPES.qemu]: qemuTask,
  [TASK_TYPES.validate]: validateTask,
};

/** Offers a build, a boot and a validation for each folder, and does those that tasks.json names. */
export function kernelTasks(ctx: Ctx): Disposable[] {
  return Object.entries(MAKERS).map(([type, make]) =>
    tasks.registerTaskProvider(type, {
      provideTasks: () => ctx.folders.all.map((folder) => make(ctx, folder, {})),
      resolveTask: ({ definition, scope }) => {
        const folder =
          typeof scope === 'object' ? ctx.folders.get(scope.uri.fsPath) : (ctx.folders.current ?? undefined);
        if (!folder) return undefined;
        const task = make(ctx, folder, definition as KernelTask);
        task.definition = definition; // the editor tells tasks apart by the very definition it asked with
        return task;
      },
    }),
  );
}

export function buildTask(ctx: Ctx, folder: AutonFolder, choice: KernelTask = {}): Task {
  const task = processTask(ctx, folder, TASK_TYPES.build, choice, l10n.t('build kernel'), buildArgs(choice));
  task.group = TaskGroup.Build;
  task.problemMatchers = BUILD_MATCHERS;
  task.presentationOptions = { ...PRESENTATION, reveal: TaskRevealKind.Always };
  return task;
}

export function validateTask(ctx: Ctx, folder: AutonFolder, choice: KernelTask = {}): Task {
  const name = l10n.t('validate kernel');
  const task = processTask(ctx, folder, TASK_TYPES.validate, choice, name, validateArgs(choice));
  task.group = TaskGroup.Test;
  task.problemMatchers = [...BUILD_MATCHERS, PANIC_MATCHER];
  task.presentationOptions = { ...PRESENTATION, reveal: TaskRevealKind.Always };
  return task;
}

/** Builds the kernel if there is none, and boots it in the task's terminal, where one can type. */
function qemuTask(ctx: Ctx, folder: AutonFolder, choice: KernelTask): Task {
  const execution = new CustomExecution(async () => {
    const machine = new Machine({
      ...{ extensionPath: ctx.extension.extensionPath, folder: folder.path, closeAtEnd: true },
      program: () => nodeProgram(ctx.extension),
      args: ['kernel', 'boot', ...machineArgs(folder, choice)],
    });
    // The editor lists the problems of a task when it ends, and a kernel that died will not end by itself.
    machine.onDidChange(() => {
      if (machine.died) setTimeout(() => machine.stop(), LAST_WORDS_MS);
    });
    return ctx.machines.add(machine);
  });
  const task = taskOf(folder, TASK_TYPES.qemu, choice, l10n.t('boot kernel'), execution);
  task.problemMatchers = [PANIC_MATCHER];
  task.presentationOptions = { ...PRESENTATION, reveal: TaskRevealKind.Always, focus: true };
  return task;
}

/** Starts a task and waits for its end; the exit code, or undefined when it was ended. */
export async function runTask(task: Task): Promise<number | undefined> {
  const execution = await tasks.executeTask(task);
  return new Promise((resolve) => {
    let code: number | undefined;
    const process = tasks.onDidEndTaskProcess((event) => {
      if (event.execution === execution) code = event.exitCode;
    });
    const end = tasks.onDidEndTask((event) => {
      if (event.execution !== execution) return;
      process.dispose();
      end.dispose();
      resolve(code);
    });
  });
}

function processTask(
  ctx: Ctx,
  folder: AutonFolder,
  type: string,
  choice: KernelTask,
  name: string,
  args: readonly string[],
): Task {
  const { node, script, env } = nodeProgram(ctx.extension);
  const given = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const execution = new ProcessExecution(node, [script, '--workspace', folder.path, ...args], {
    cwd: folder.path,
    env: Object.fromEntries(given),
  });
  return taskOf(folder, type, choice, name, execution);
}

function taskOf(
  { folder }: AutonFolder,
  type: string,
  choice: KernelTask,
  name: string,
  execution: ProcessExecution | CustomExecution,
): Task {
  const definition: TaskDefinition = { type, ...choice };
  return new Task(definition, folder, name, 'AUTON', execution);
}
