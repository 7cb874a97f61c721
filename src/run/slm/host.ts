import { relative } from 'node:path';
import { slmToolHost } from '../../slm/agent-tools/agent-tools.ts';
import { trainingValues } from '../../slm/pipeline/training-values.ts';
import type { ToolHost } from '../../tools/tool.ts';
import type { RunContext } from '../context.ts';
import { StageProgress } from './progress.ts';

/** What the tools of the pipeline can do for one session; undefined in a run that makes no model. */
export function slmHost(
  context: RunContext,
  { session, agent }: { session: string; agent: string },
): ToolHost['slm'] {
  const { slm, sandbox, integration, config, folder: runFolder } = context;
  if (slm === null) return undefined;
  const { python, folder, stages, stageTimeoutMs } = slm;
  let shown: { stage: string; progress: StageProgress } | null = null;
  return slmToolHost({
    ...{ python, sandbox, folder, stageTimeoutMs, training: trainingValues(config.slm.training) },
    device: config.slm.device,
    ...(integration ? { kernel: integration } : {}),
    turn: (signal, work) => stages.add(work, { signal }),
    progress(stage, event, options) {
      if (shown?.stage !== stage || event.event === 'begin') shown = { stage, progress: new StageProgress() };
      const next = shown.progress.next(event);
      if (next === null) return;
      const log =
        stage === 'train' && options?.out ? `${relative(runFolder, options.out)}/log.jsonl` : undefined;
      const body = {
        type: 'stage.progress' as const,
        session,
        agent,
        stage,
        ...next,
        ...(log ? { log } : {}),
      };
      // Nobody waits for it: when the log cannot be written, the next step of the session says so.
      context.emit(body).catch(() => undefined);
    },
  });
}
