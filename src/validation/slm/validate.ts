import { writeFileSync } from 'node:fs';
import type { Evidence } from '../../protocol/evidence.ts';
import { EvidenceRecord, type ValidationContext } from '../record.ts';
import { judgeArchitecture } from './architecture.ts';
import { check, testResult, type Check } from './checks.ts';
import { judgeData } from './data.ts';
import { judgeEvaluation } from './evaluation.ts';
import { judgeAcceptance, judgeExport } from './export.ts';
import { JudgeError } from './judge.ts';
import { judgeQuantization } from './quantization.ts';
import { judgeHashes } from './hashes.ts';
import { judgeChoice, judgeTraining } from './training.ts';
import { RecordProblem, type ModelTree } from './tree.ts';

/** A step of making a model that can be judged; `hashes` is what is quickly looked at again whenever the tree changed. */
export type ModelStage =
  | { kind: 'data' | 'architecture' | 'choice' | 'evaluation' | 'export' | 'acceptance' | 'hashes' }
  | { kind: 'training'; name: string }
  | { kind: 'quantization'; required: 'int8' | 'int4' | null };

/**
 * Judges steps of a model, in this order up to the first that fails. Nothing that agents wrote is believed: files are
 * hashed, measured and loaded again.
 */
export async function validateModel(
  stages: readonly ModelStage[],
  tree: (scratch: string) => ModelTree,
  context: ValidationContext,
): Promise<Evidence> {
  const record = new EvidenceRecord('inference', context);
  const checks: Check[] = [];
  for (const stage of stages) {
    checks.push(...(await judged(stage, tree(record.folder))));
    if (checks.some(({ passed }) => !passed)) break;
  }
  writeFileSync(record.path('checks.json'), `${JSON.stringify(checks, null, 1)}\n`);
  const failed = checks.filter(({ passed }) => !passed);
  const what = stages.map(({ kind }) => kind).join(', ');
  return record.finish({
    passed: checks.length > 0 && failed.length === 0,
    summary:
      failed.length === 0
        ? `Model, ${what}: ${checks.length} checks passed.`
        : `Model, ${what}: ${failed[0]!.name}: ${failed[0]!.detail}`,
    tests: checks.map(testResult),
    files: [record.file('output', 'checks.json')],
  });
}

async function judged(stage: ModelStage, tree: ModelTree): Promise<Check[]> {
  try {
    return await judge(stage, tree);
  } catch (error) {
    if (error instanceof RecordProblem) return [check(`${stage.kind}_record`, false, error.message)];
    if (error instanceof JudgeError) return [check(`${stage.kind}_readable`, false, error.message)];
    throw error;
  }
}

function judge(stage: ModelStage, tree: ModelTree): Promise<Check[]> {
  switch (stage.kind) {
    case 'data':
      return judgeData(tree);
    case 'architecture':
      return judgeArchitecture(tree);
    case 'training':
      return judgeTraining(tree, stage.name);
    case 'choice':
      return judgeChoice(tree);
    case 'evaluation':
      return judgeEvaluation(tree);
    case 'quantization':
      return judgeQuantization(tree, stage.required);
    case 'export':
      return judgeExport(tree);
    case 'acceptance':
      return judgeAcceptance(tree);
    case 'hashes':
      return judgeHashes(tree);
  }
}
