import { planningPrompt } from '../agents/prompts.ts';
import { INTEGRATION, integrationTask, pipelineStep, slmPipeline } from '../agents/slm-pipeline.ts';
import type { RunState } from '../protocol/run-state.ts';
import type { TaskSpec } from '../protocol/task.ts';
import { trainingValues } from '../slm/pipeline/training-values.ts';
import { runAgentSession, sessionId } from './agent-sessions.ts';
import type { RunContext } from './context.ts';
import { checkTasks } from './graph.ts';
import { managerHost } from './tool-hosts.ts';

/** True once the graph holds what the run's mode asks for. */
export function isPlanned(state: RunState): boolean {
  if (state.mode === 'slm_training') return hasPipeline(state);
  if (state.mode === 'dual') return state.tasks.has(INTEGRATION);
  return hasKernelTasks(state);
}

/**
 * Lets the manager turn the goal into tasks, and adds the SLM pipeline where the mode asks for it. Returns null once
 * tasks are in the graph, else why there are none.
 */
export async function plan(context: RunContext): Promise<string | null> {
  const { state, config, trainings, modelSize } = context;
  if (state.mode !== 'kernel_build' && !hasPipeline(state)) {
    const { quantization, training } = config.slm;
    const tasks = slmPipeline({
      ...{ trainings, size: modelSize, quantization },
      training: trainingValues(training),
    });
    await context.emit({ type: 'tasks.added', tasks, by: 'engine' });
  }
  if (state.mode === 'slm_training') return null;
  const failure = await planKernel(context);
  if (failure === null && state.mode === 'dual' && !state.tasks.has(INTEGRATION)) {
    await context.emit({
      type: 'tasks.added',
      tasks: [integrationTask([...state.tasks.keys()])],
      by: 'engine',
    });
  }
  return failure;
}

function hasPipeline({ tasks }: RunState): boolean {
  return [...tasks.values()].some(({ spec }) => pipelineStep(spec) !== null);
}

function hasKernelTasks({ tasks }: RunState): boolean {
  return [...tasks.values()].some(({ spec }) => pipelineStep(spec) === null);
}

async function planKernel(context: RunContext): Promise<string | null> {
  let failure = '';
  const planned = () => hasKernelTasks(context.state);
  for (let attempt = 1; attempt <= context.config.agents.max_attempts; attempt++) {
    if (planned()) return null;
    const agent = await context.pool.acquire('manager', { signal: context.stopper.work });
    try {
      const scope = { agent, task: 'plan', attempt };
      const end = await runAgentSession(context, {
        ...scope,
        opening: planningPrompt(context.state.goal, context.acceptanceNames),
        worktree: context.workspace.root,
        host: managerHost(context, {
          session: sessionId(scope),
          agent,
          signal: context.stopper.work,
          proposeTasks: (tasks) => proposeTasks(context, tasks, agent.id),
        }),
        isDone: planned,
        mustCall: 'propose_tasks',
      });
      if (planned()) return null;
      failure = end.message;
    } finally {
      context.pool.release(agent);
    }
  }
  return `The manager proposed no tasks in ${context.config.agents.max_attempts} attempts. ${failure}`.trim();
}

async function proposeTasks(
  context: RunContext,
  tasks: TaskSpec[],
  by: string,
): Promise<{ accepted: boolean; text: string }> {
  const problems = [
    ...checkTasks(tasks, new Set(context.state.tasks.keys())),
    ...unknownAcceptance(tasks, new Set(context.acceptanceNames)),
  ];
  if (problems.length > 0) return { accepted: false, text: problems.slice(0, 20).join('\n') };
  await context.emit({ type: 'tasks.added', tasks, by });
  return { accepted: true, text: `${tasks.length} tasks were added.` };
}

function unknownAcceptance(tasks: readonly TaskSpec[], known: ReadonlySet<string>): string[] {
  return tasks.flatMap(({ id, acceptance }) =>
    acceptance
      .filter((name) => !known.has(name))
      .map((name) => `Task "${id}" names the acceptance test "${name}", which does not exist.`),
  );
}
