import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What AUTON ships beside its code. */
export interface Assets {
  specFolder: string;
  playbooksFolder: string;
  referenceKernel: string;
  /** The Python package of the SLM pipeline, with its requirements and, in `models/`, the model that ships. */
  slmPackage: string;
  /** The language model that kernels embed unless they bring their own. */
  shippedModels: string;
  /** `auton.example.toml`, with every key and its comment. */
  exampleConfig: string;
}

/** The acceptance tests of a specification. */
export function acceptanceFile(specFolder: string): string {
  return join(specFolder, 'tests', 'acceptance.toml');
}

/** The folder that holds `kernel_spec/` and the rest: the same for the sources and for the bundle in `dist/`. */
export function assets(): Assets {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'kernel_spec')) && dirname(folder) !== folder) folder = dirname(folder);
  return {
    specFolder: join(folder, 'kernel_spec'),
    playbooksFolder: join(folder, 'playbooks'),
    referenceKernel: join(folder, 'kernels', 'reference'),
    slmPackage: join(folder, 'SLM'),
    shippedModels: join(folder, 'SLM', 'models'),
    exampleConfig: join(folder, 'auton.example.toml'),
  };
}
