import { lstatSync, readdirSync } from 'node:fs';
import { extname, join } from 'node:path';
import {
  dataRecord,
  evaluationRecord,
  manifestRecord,
  quantizationRecord,
  type ManifestRecord,
} from '../../slm/records/format.ts';
import { RECORDS } from '../../slm/records/paths.ts';
import { sha256Of } from '../../slm/records/write.ts';
import { check, shown, short, type Check } from './checks.ts';
import { loadChecks } from './elsewhere.ts';
import { goalChecks } from './evaluation.ts';
import { lossOf } from './quantization.ts';
import { goalsFor } from './tiers.ts';
import {
  artefactCheck,
  chosenIn,
  findText,
  quantizationsIn,
  readRecord,
  RecordProblem,
  type ModelTree,
} from './tree.ts';

const MAX_LOSS = 0.02;

/** Every file of `SLM/models/`: hash, manifest, loads elsewhere, computes what its checkpoint computes. */
export async function judgeExport(tree: ModelTree): Promise<Check[]> {
  const files = modelFiles(tree);
  const training = chosenIn(tree);
  const rounded = quantizationsIn(tree).map(
    (kind) => readRecord(tree, RECORDS.quantization(kind), quantizationRecord).checkpoint.sha256,
  );
  const kinds = ['.gguf', '.onnx'].filter((ending) => !files.some((file) => extname(file) === ending));
  const checks = [
    check(
      'export_files',
      kinds.length === 0,
      `Exported: ${files.join(', ') || 'nothing'}${kinds.length > 0 ? `; missing: ${kinds.join(', ')}` : ''}.`,
    ),
  ];
  for (const file of files) {
    const manifest = readRecord(tree, RECORDS.manifest(file), manifestRecord);
    checks.push(
      await fileCheck(tree, file, manifest),
      check(
        'export_checkpoint',
        [training.checkpoint.sha256, ...rounded].includes(manifest.checkpoint.sha256) &&
          manifest.data_hash === training.data,
        `${file} was made from ${short(manifest.checkpoint.sha256)}: it must be the chosen checkpoint or a quantisation of it.`,
      ),
      await artefactCheck(tree, 'export_source', manifest.checkpoint),
    );
    if (checks.every(({ passed }) => passed)) checks.push(...(await loadChecks(tree, file, manifest)));
  }
  return checks;
}

/** The exported models, by the names of their files. A manifest without a file is a problem. */
function modelFiles(tree: ModelTree): string[] {
  const folder = join(tree.path, RECORDS.models);
  if (!lstatSync(folder, { throwIfNoEntry: false })?.isDirectory()) return [];
  const names = readdirSync(folder).sort();
  const files = names.filter((name) => ['.gguf', '.onnx'].includes(extname(name)));
  for (const name of names.filter((other) => other.endsWith('.json') && !files.includes(other.slice(0, -5))))
    throw new RecordProblem(`${RECORDS.models}/${name} is the manifest of a file that is not there.`);
  return files;
}

async function fileCheck(tree: ModelTree, file: string, manifest: ManifestRecord): Promise<Check> {
  const path = join(tree.path, RECORDS.models, file);
  const found = await sha256Of(path);
  const same = manifest.file === file && found === manifest.sha256 && lstatSync(path).size === manifest.bytes;
  return check(
    'export_hash',
    same,
    `${file} has the hash ${short(found)}, its manifest says ${short(manifest.sha256)} of ${manifest.file}.`,
  );
}

/** The exported files as a kernel will use them: what their own weights answer, and a card that says what they are. */
export async function judgeAcceptance(tree: ModelTree): Promise<Check[]> {
  const { size } = readRecord(tree, RECORDS.evaluation, evaluationRecord);
  const data = join(tree.folder, readRecord(tree, RECORDS.data, dataRecord).name);
  const best = join(tree.folder, chosenIn(tree).checkpoint.path);
  const files = modelFiles(tree);
  const card = findText(tree, RECORDS.card) ?? '';
  const unnamed = files.filter((file) => !card.includes(file));
  const checks = [
    check(
      'model_card',
      card !== '' && unnamed.length === 0,
      unnamed.length === 0
        ? 'SLM/README.md names every exported file.'
        : `SLM/README.md does not name ${unnamed.join(', ')}.`,
    ),
  ];
  const before = await tree.judge.evaluation(best, data, size);
  for (const file of files.filter((name) => extname(name) === '.gguf')) {
    const manifest = readRecord(tree, RECORDS.manifest(file), manifestRecord);
    const after = await tree.judge.evaluation(join(tree.path, RECORDS.models, file), data, size);
    const lost = lossOf(before, after);
    checks.push(
      ...goalChecks(after, goalsFor(manifest.parameters, tree.goals)),
      check(
        'exported_loss',
        lost < MAX_LOSS,
        `${file} loses ${shown(100 * lost)} % of the benchmark (below ${100 * MAX_LOSS} %).`,
      ),
    );
  }
  return checks;
}
