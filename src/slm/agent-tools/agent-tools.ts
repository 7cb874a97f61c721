import type { ToolContext, ToolHost, ToolResult } from '../../tools/tool.ts';
import type { Workshop } from '../workshop.ts';
import { estimateFlops, validateArchitecture } from './architecture.ts';
import { Bench } from './bench.ts';
import { analyzeDataset, prepareData, tokenizeData } from './data.ts';
import { exportGguf, exportOnnx } from './export.ts';
import { integrateSlmModel, testKernelBoot, testSlmInference } from './kernel.ts';
import { evaluateModel, quantizeModel, trainModel } from './training.ts';

/** The work behind a tool of src/tools/slm; its input has been checked by the tool's own schema. */
type Work<Input = never> = (input: Input, bench: Bench) => Promise<ToolResult>;

const WORK: Readonly<Record<string, Work>> = {
  prepare_data: prepareData,
  analyze_dataset: analyzeDataset,
  tokenize_data: tokenizeData,
  validate_architecture: validateArchitecture,
  estimate_flops: estimateFlops,
  train_model: trainModel,
  evaluate_model: evaluateModel,
  quantize_model: quantizeModel,
  export_gguf: exportGguf,
  export_onnx: exportOnnx,
  integrate_slm_model: integrateSlmModel,
  test_kernel_boot: testKernelBoot,
  test_slm_inference: testSlmInference,
};

/** What `ToolHost.slm` does in a run that makes a model. Errors are ToolErrors and UserErrors, for the model to read. */
export function slmToolHost(workshop: Workshop): NonNullable<ToolHost['slm']> {
  return async (tool: string, input: unknown, context: ToolContext) => {
    const work = WORK[tool];
    if (!work) throw new Error(`There is no work behind the tool ${tool}.`);
    return work(input as never, new Bench(workshop, context));
  };
}
