import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { UserError } from '../../protocol/errors.ts';
import type { Model } from '../answer/decoder.ts';

/** ONNX Runtime is a native module and large: it is no part of AUTON, but fetched when somebody wants it. */
export const RUNTIME = { name: 'onnxruntime-node', version: '1.30.0', downloadMb: 115, diskMb: 50 } as const;

/** The part of its interface that is used. */
interface Runtime {
  InferenceSession: {
    create(file: string | Uint8Array, options: object): Promise<Session>;
  };
  Tensor: new (type: 'int64', data: BigInt64Array, shape: readonly number[]) => unknown;
}
interface Session {
  readonly outputNames: readonly string[];
  run(
    inputs: Record<string, unknown>,
  ): Promise<Record<string, { data: Float32Array; dims: readonly number[] }>>;
}

/** The folder in `folders`, or above one of them, that has the package installed; what Node would find from there. */
export function findRuntime(folders: readonly string[]): string | null {
  for (const folder of folders) {
    try {
      const file = createRequire(join(folder, 'package.json')).resolve(`${RUNTIME.name}/package.json`);
      return dirname(file);
    } catch {
      continue;
    }
  }
  return null;
}

/** Installs the package into a folder of its own by npm, whole or not at all; returns the package's folder. */
export async function fetchRuntime(folder: string, say: (text: string) => void): Promise<string> {
  const part = `${folder}.part`;
  await rm(part, { recursive: true, force: true });
  await mkdir(part, { recursive: true });
  await writeFile(join(part, 'package.json'), '{ "private": true }\n');
  const { name, version } = RUNTIME;
  // Its script would fetch a runtime for NVIDIA's GPUs; the one for processors is in the package.
  const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', `${name}@${version}`];
  say(`npm ${args.join(' ')}`);
  try {
    await npm(args, part, say);
    await dropOtherPlatforms(join(part, 'node_modules', name));
    await rm(folder, { recursive: true, force: true });
    await rename(part, folder);
  } finally {
    await rm(part, { recursive: true, force: true });
  }
  return join(folder, 'node_modules', name);
}

function npm(args: readonly string[], cwd: string, say: (text: string) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const { ELECTRON_RUN_AS_NODE: _, ...env } = process.env;
    const isWindows = process.platform === 'win32';
    const child = spawn(isWindows ? 'npm.cmd' : 'npm', args, { cwd, env, shell: isWindows, stdio: 'pipe' });
    child.stdin.end();
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => say(text.trimEnd()));
    const remedy = `Install Node.js with npm, or put the package where the folder's own code finds it: npm install ${RUNTIME.name}`;
    child.on('error', (cause) =>
      reject(new UserError(`npm could not be started: ${cause.message}.`, remedy, { cause })),
    );
    child.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new UserError(`npm ended with ${code}; what it says stands above.`, remedy));
    });
  });
}

/** Four fifths of the package are for other systems. */
async function dropOtherPlatforms(folder: string): Promise<void> {
  const bin = join(folder, 'bin');
  for (const abi of existsSync(bin) ? readdirSync(bin) : []) {
    for (const platform of readdirSync(join(bin, abi))) {
      for (const arch of readdirSync(join(bin, abi, platform))) {
        if (platform === process.platform && arch === process.arch) continue;
        await rm(join(bin, abi, platform, arch), { recursive: true });
      }
    }
  }
}

/** A model of the pipeline: tokens to logits. `runtime` is the package's folder. */
export async function loadOnnx(runtime: string, model: Uint8Array): Promise<Model> {
  const { InferenceSession, Tensor } = createRequire(join(runtime, 'package.json'))(runtime) as Runtime;
  const session = await InferenceSession.create(model, { intraOpNumThreads: 2, logSeverityLevel: 3 });
  return async (tokens) => {
    const input = new Tensor('int64', BigInt64Array.from(tokens, BigInt), [1, tokens.length]);
    const logits = (await session.run({ tokens: input }))['logits'];
    const vocabulary = logits?.dims.at(-1) ?? 0;
    if (!logits || vocabulary === 0) throw new Error(`its outputs are ${session.outputNames.join(', ')}`);
    return logits.data.subarray(-vocabulary);
  };
}
