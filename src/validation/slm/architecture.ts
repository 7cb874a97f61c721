import { isDeepStrictEqual } from 'node:util';
import { join } from 'node:path';
import { dataRecord, type DataRecord } from '../../slm/records/format.ts';
import { RECORDS } from '../../slm/records/paths.ts';
import { check, type Check } from './checks.ts';
import type { JudgedArchitecture } from './judge.ts';
import { fitsName } from './tiers.ts';
import { findRecord, findText, RecordProblem, trainingsIn, type ModelTree } from './tree.ts';

export async function judgeArchitecture(tree: ModelTree): Promise<Check[]> {
  if (findText(tree, RECORDS.config) === undefined) throw new RecordProblem(`${RECORDS.config} is missing.`);
  const found = await tree.judge.architecture(join(tree.path, RECORDS.config));
  return [
    ...architectureChecks(found, findRecord(tree, RECORDS.data, dataRecord)),
    ...trainingsIn(tree).map(({ name, config }) =>
      check(
        'architecture_trained',
        isDeepStrictEqual(config['model'], found.config.model),
        `${name} was trained with ${isDeepStrictEqual(config['model'], found.config.model) ? 'this' : 'another'} model.`,
      ),
    ),
  ];
}

/** Where there is a data set, its tokenizer decides about the vocabulary. */
export function architectureChecks(found: JudgedArchitecture, data: DataRecord | undefined): Check[] {
  const { name, parameters, config } = found;
  const fits = fitsName(name, parameters);
  const checks = [
    check(
      'architecture_size',
      fits,
      `${name} has ${parameters} parameters, which is ${fits ? '' : 'not '}what its name says (within 25 %).`,
    ),
  ];
  if (data === undefined) return checks;
  const tokens = data.statistics['vocabulary'];
  const said = config.model['vocab_size'];
  return [
    ...checks,
    check(
      'architecture_vocabulary',
      said === tokens,
      `The model has ${said} tokens, the data set ${String(tokens)}.`,
    ),
  ];
}
