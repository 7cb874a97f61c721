import { mkdirSync, realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { acceptanceFile, assets } from '../config/assets.ts';
import { createRedactor } from '../config/secrets.ts';
import { Workspace } from '../git/workspace.ts';
import { chooseAccelerator } from '../kernel/accel.ts';
import { PROFILES } from '../kernel/architectures.ts';
import { buildTools } from '../kernel/make.ts';
import { requireProgram } from '../kernel/toolchain.ts';
import type { EditorModels } from '../models/editor.ts';
import { createModels, type Models } from '../models/models.ts';
import { priceOf, worstCost } from '../models/prices.ts';
import type { Config } from '../protocol/config.ts';
import type { Role } from '../protocol/roles.ts';
import { HOST_TOOLS } from '../slm/host/host-program.ts';
import { createSandbox } from '../tools/sandbox/create.ts';
import { endOrphans } from '../tools/sandbox/processes.ts';
import { loadAcceptanceTests, selectTests } from '../validation/acceptance.ts';
import { budgetLimits, type BudgetLimits } from './budget.ts';
import type { RoleModel, RunParts } from './context.ts';
import { KernelGates } from './kernel-gates.ts';
import { lockStateFolder } from './lock.ts';
import { RunLog } from './logging.ts';
import { RunGates } from './run-gates.ts';
import { ModelGates } from './slm/gates.ts';
import { kernelIntegration } from './slm/integration.ts';
import { sandboxLimits } from './slm/limits.ts';
import { SlmParts } from './slm/parts.ts';
import type { Run } from './run.ts';
import { logsFolder, mayResume, runFolder, spentToday } from './runs.ts';
import { makeStateFolder, stateFolder } from './state-folder.ts';

export interface AssemblyOptions {
  folder: string;
  run: string;
  goal: string;
  config: Config;
  secrets: string[];
  env: NodeJS.ProcessEnv;
  editorModels?: EditorModels | undefined;
  resumed?: { targetBranch: string };
}

/** Everything a run needs, wired together. */
export interface Assembly {
  parts: RunParts;
  models: Models;
  limits: BudgetLimits;
  /** What the user should know before the run begins. */
  notices: string[];
  /** Lets the parts that produce live output reach the run. */
  connect(run: Run): void;
  release(): Promise<void>;
  runLog: RunLog;
}

/**
 * The composition root of a run. What could refuse to start is asked first and in the order in which a user would
 * want to know; whatever was taken is given back when a later part refuses.
 */
export async function assemble(options: AssemblyOptions): Promise<Assembly> {
  const { folder, run, goal, config, env, resumed } = options;
  const { arch } = config.kernel;
  const state = stateFolder(folder);
  const { playbooksFolder, referenceKernel, ...shipped } = assets();
  const { editorModels } = options;
  const models = createModels(config, {
    ...{ env, playbooksFolder, folder },
    ...(editorModels && { editorModels }),
  });
  const undo: (() => void | Promise<void>)[] = [() => models.close()];
  const release = async () => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    if (!resumed) models.assertCovers({ goal, arch, mode: config.workflow.mode });
    undo.push(lockStateFolder(makeStateFolder(folder)));
    if (process.platform === 'linux') await endOrphans(join(realpathSync(state), 'worktrees'));
    const configured = config.workspace.spec && resolve(folder, config.workspace.spec);
    const specFolder = models.specFolder() ?? configured ?? shipped.specFolder;
    const acceptance = loadAcceptanceTests(acceptanceFile(specFolder));
    const { mode } = config.workflow;
    const makesKernel = mode !== 'slm_training';
    requireTools(config, env);
    const trainings = models.trainings() ?? config.agents.training_agent_count;
    const modelSize = models.modelSize() ?? config.slm.model_size;
    const limits = sandboxLimits(config, { trainings, modelSize });
    const sandbox = await createSandbox(limits, { hide: [resolve(folder)] });
    const workspace = await Workspace.open({
      root: resolve(folder, config.workspace.path.replace('<arch>', arch)),
      stateFolder: state,
      branchPrefix: config.workspace.branch_prefix,
      template: config.workspace.template === 'reference' ? { folder: referenceKernel } : null,
      startsEmpty: !resumed && models.startsEmpty(),
      // Without a sandbox, a command may leave a process behind that still writes where it was started.
      recycle: sandbox.mode !== 'off',
      run,
      ...resumed,
    });
    undo.push(() => workspace.close());
    const notices = resumed
      ? []
      : await prepareWorkspace(workspace, {
          run,
          startEmpty: models.startsEmpty(),
          mayResume: (earlier) => mayResume(folder, earlier),
        });
    if (sandbox.mode === 'off') notices.push('The sandbox is off: agents run commands with all your rights.');
    const files = runFolder(folder, run);
    mkdirSync(files, { recursive: true });
    let connected: Run | null = null;
    const redact = createRedactor(options.secrets);
    const runLog = new RunLog({ folder: logsFolder(folder), run, logging: config.logging, redact });
    undo.push(() => runLog.close());
    const slm = mode === 'kernel_build' ? null : new SlmParts(config, files, env);
    const accel = makesKernel
      ? await chooseAccelerator({
          setting: config.kernel.accel,
          profile: PROFILES[arch],
          binary: config.kernel.qemu,
          env,
        })
      : null;
    const machine = { arch, sandbox, env, folder: files };
    const kernel =
      accel &&
      new KernelGates({
        ...{ ...machine, config, acceptance, workspace, accel },
        onSerialLine: (source, line) => connected?.output({ kind: 'serial', source, text: `${line}\n` }),
      });
    const integration =
      accel &&
      slm &&
      kernelIntegration({ ...machine, config, accel, acceptanceFile: acceptanceFile(specFolder) });
    const gates =
      slm === null
        ? kernel!
        : new RunGates(new ModelGates({ config, slm, workspace, sandbox, folder: files, env }), kernel);
    return {
      parts: {
        ...{ config, specFolder, workspace, sandbox, gates, slm, integration },
        ...{ trainings, modelSize },
        folder: files,
        acceptanceNames: selectTests(acceptance, { architecture: arch }).map(({ name }) => name),
        modelFor: (role) => roleModel(models, role),
        redact,
      },
      models,
      limits: budgetLimits(config, spentToday(folder, run)),
      notices,
      connect: (handle) => (connected = handle),
      release,
      runLog,
    };
  } catch (error) {
    await release();
    throw error;
  }
}

/** Refuses to start without what every gate needs: nobody should pay for a plan that cannot be judged. */
function requireTools({ kernel, workflow }: Config, env: NodeJS.ProcessEnv): void {
  const needed: (string | undefined)[] = ['git'];
  if (workflow.mode !== 'slm_training') {
    const { cc, ld, as } = buildTools(kernel.arch, kernel);
    needed.push('make', cc, ld, as, kernel.qemu ?? PROFILES[kernel.arch].qemu);
  }
  if (workflow.mode !== 'kernel_build') needed.push(...HOST_TOOLS);
  for (const name of needed) if (name !== undefined) requireProgram(name, env);
}

/** Clears away what earlier runs left and begins anew where a playbook asks for it; nothing unmerged is lost. */
async function prepareWorkspace(
  workspace: Workspace,
  { run, startEmpty, mayResume }: { run: string; startEmpty: boolean; mayResume: (run: string) => boolean },
): Promise<string[]> {
  const notices = [...workspace.notices];
  for (const { task, result } of await workspace.cleanWorktrees(mayResume)) {
    if (result.kind === 'archived')
      notices.push(`What an earlier run left of ${task} is kept as ${result.ref}.`);
  }
  const branch = startEmpty ? await workspace.startOver(run) : null;
  if (branch) {
    notices.push(
      `The workspace was not empty: what was on ${workspace.targetBranch} is kept on the branch ${branch}.`,
    );
  }
  return notices;
}

function roleModel(models: Models, role: Role): RoleModel {
  const { client, provider, model } = models.clientFor(role);
  return {
    client,
    model,
    priceOf: (usage) => priceOf(provider, model, usage),
    worstCost: (inputTokens, maxTokens) => worstCost(provider, model, inputTokens, maxTokens),
  };
}
