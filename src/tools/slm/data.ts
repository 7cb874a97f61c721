import { z } from 'zod';
import { slmTool } from './define.ts';
import { configuration, dataName } from './names.ts';

export const prepareDataInput = z.strictObject({ name: dataName, ...configuration });
export const analyzeDatasetInput = z.strictObject({ name: dataName });
export const tokenizeDataInput = z.strictObject({
  name: dataName,
  texts: z.array(z.string().min(1).max(2000)).min(1).max(50),
});

export const DATA_TOOLS = [
  slmTool(
    'prepare_data',
    'Gathers the sources of this machine, draws examples from the grammars, trains the tokenizer and splits everything by ' +
      'template, by name and by fact. Keeps the data set in the run under its name and writes SLM/data.json, its record, ' +
      'into your worktree: commit that.',
    prepareDataInput,
  ),
  slmTool(
    'analyze_dataset',
    'Says what is in a data set of the run: examples, labels and how even they are, templates, sources and their licences, ' +
      'tokens and lengths, what was dropped, and anything about it that will hurt training.',
    analyzeDatasetInput,
  ),
  slmTool(
    'tokenize_data',
    'Cuts texts into tokens by the tokenizer of a data set, as training and the kernel do: pieces, tokens a word, and the ' +
      'share of characters that had to be spelled in bytes.',
    tokenizeDataInput,
  ),
];
