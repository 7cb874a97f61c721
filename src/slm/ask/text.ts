import { styleText } from 'node:util';
import { oneLine } from '../../protocol/printable.ts';
import type { Answerer, Reported } from '../answer/answerer.ts';
import { RUNTIME } from '../onnx/runtime.ts';

const dim = (text: string) => styleText('dim', text);
const bold = (text: string) => styleText('bold', text);

export function greetingText({ name, parameters, format }: Answerer['model']): string {
  const millions = (parameters / 1e6).toFixed(1);
  return [
    `${bold(oneLine(name))}: ${millions} million parameters, ${oneLine(format)}, run by ONNX Runtime ${RUNTIME.version}.`,
    'It understands a line and chooses an action. It knows no facts: names, drivers and the state of a machine come',
    "from the kernel's tables, so nothing is looked up or done here. AUTON: Chat With Kernel asks the kernel.",
    '',
  ].join('\n');
}

/** As the kernel reports it: intent and probability, the action, the sentence with it. */
export function answerText({ label, intent, unsure, probability, action, text }: Reported): string {
  const share = `${(probability * 100).toFixed(1)} %`;
  const judged = unsure
    ? `${intent}, unsure ${dim(`(${label} ${share})`)}`
    : `${styleText('cyan', intent)} ${dim(share)}`;
  return [judged, `${bold(oneLine(action))}`, oneLine(text), '']
    .map((line) => `  ${line}`.trimEnd())
    .join('\n');
}
