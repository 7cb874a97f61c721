/**
 * `npm run bench [part...]`: measures what the README promises and prints its table. Timing never decides a test; this
 * only tells. Exits 1 when a part could not be measured.
 */
import { errorMessage } from '../../src/protocol/errors.ts';
import { ARCHITECTURES } from '../../src/protocol/roles.ts';
import { engineFigures } from './engine.ts';
import { extensionFigures } from './extension.ts';
import { Skipped, table, type Figure } from './figures.ts';
import { kernelFigures } from './kernel.ts';
import { linuxFigures } from './linux.ts';
import { neuralFigures } from './neural.ts';
import { portFigures } from './ports.ts';
import { promptFigures } from './prompt.ts';
import { sandboxFigures } from './sandbox.ts';
import { slmFigures } from './slm.ts';
import { wholeRun } from './whole-run.ts';

/** What one measures alone does not take the figures of the others with it when it fails. */
const PARTS: Record<string, (() => Promise<Figure[]>)[]> = {
  kernel: [
    async () => {
      const { figures, kernel } = await wholeRun();
      return [...figures, ...(await kernelFigures(kernel))];
    },
  ],
  ports: [portFigures],
  sandbox: [sandboxFigures],
  engine: [engineFigures],
  extension: [extensionFigures],
  neural: [neuralFigures],
  prompt: [promptFigures],
  slm: [slmFigures],
  linux: ARCHITECTURES.map((architecture) => () => linuxFigures(architecture)),
};

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !(name in PARTS));
if (unknown.length > 0) {
  console.error(`There is no part ${unknown.join(', ')}. There are: ${Object.keys(PARTS).join(', ')}.`);
  process.exit(2);
}
const figures: Figure[] = [];
for (const [name, measurements] of Object.entries(PARTS)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  console.error(`measuring: ${name} ...`);
  for (const measure of measurements) {
    try {
      figures.push(...(await measure()));
    } catch (error) {
      if (error instanceof Skipped) {
        console.error(`${name} is left out: ${error.message}`);
        continue;
      }
      console.error(`${name} could not be measured: ${errorMessage(error)}`);
      process.exitCode = 1;
    }
  }
}
console.log(table(figures));
