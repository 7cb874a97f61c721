import { z } from 'zod';
import { slmTool } from './define.ts';
import { checkpointName, dataName, trainingName } from './names.ts';

export const GGUF_TYPES = ['F32', 'F16', 'Q8_0', 'Q4_0'] as const;

export const exportOnnxInput = z.strictObject({
  training: trainingName,
  checkpoint: checkpointName,
  data: dataName,
});
export const exportGgufInput = exportOnnxInput.extend({
  type: z.enum(GGUF_TYPES).default('Q8_0').describe('Precision of the matrices.'),
});

const WRITES =
  'Writes the file and its manifest (size, SHA-256, shape, licences) into SLM/models/: commit both.';

export const EXPORT_TOOLS = [
  slmTool(
    'export_gguf',
    `Exports a checkpoint as GGUF version 3, which the kernel and llama.cpp load. ${WRITES}`,
    exportGgufInput,
  ),
  slmTool(
    'export_onnx',
    `Exports a checkpoint as ONNX, opset 17, which the editor loads. ${WRITES}`,
    exportOnnxInput,
  ),
];
