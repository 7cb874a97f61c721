import { join } from 'node:path';
import { dataRecord, manifestRecord, quantizationRecord } from '../../slm/records/format.ts';
import { RECORDS } from '../../slm/records/paths.ts';
import { sha256Of } from '../../slm/records/write.ts';
import { check, short, type Check } from './checks.ts';
import {
  artefactCheck,
  findRecord,
  namesIn,
  quantizationsIn,
  readRecord,
  trainingsIn,
  type ModelTree,
} from './tree.ts';

/** Whether every file that the tree's records name is still what it was, and all are of one data set. */
export async function judgeHashes(tree: ModelTree): Promise<Check[]> {
  const data = findRecord(tree, RECORDS.data, dataRecord);
  const checks: Check[] = [
    check('records', true, `Data set: ${data === undefined ? 'none' : short(data.hash)}.`),
  ];
  for (const training of trainingsIn(tree)) {
    checks.push(
      check(
        'training_data',
        training.data === data?.hash,
        `${training.name} was trained on ${short(training.data)}.`,
      ),
      await artefactCheck(tree, 'checkpoint_hash', training.checkpoint),
    );
  }
  for (const kind of quantizationsIn(tree)) {
    const { checkpoint } = readRecord(tree, RECORDS.quantization(kind), quantizationRecord);
    checks.push(await artefactCheck(tree, `${kind}_hash`, checkpoint));
  }
  for (const file of namesIn(tree, RECORDS.models, '.json')) {
    const manifest = readRecord(tree, RECORDS.manifest(file), manifestRecord);
    const found = await sha256Of(join(tree.path, RECORDS.models, file)).catch(() => 'missing');
    checks.push(check('export_hash', found === manifest.sha256, `${file} has the hash ${short(found)}.`));
  }
  return [...checks, ...(await embeddedChecks(tree))];
}

/** A model in the kernel must be one of those that were exported and judged. */
async function embeddedChecks(tree: ModelTree): Promise<Check[]> {
  const exported = new Set(
    namesIn(tree, RECORDS.models, '.json').map(
      (file) => readRecord(tree, RECORDS.manifest(file), manifestRecord).sha256,
    ),
  );
  return Promise.all(
    namesIn(tree, 'slm/models', '.gguf').map(async (name) => {
      const found = await sha256Of(join(tree.path, 'slm/models', `${name}.gguf`));
      return check(
        'embedded_model',
        exported.has(found),
        `slm/models/${name}.gguf has the hash ${short(found)}, which is ${exported.has(found) ? '' : 'not '}that of an exported model.`,
      );
    }),
  );
}
