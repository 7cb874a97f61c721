import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { assets } from '../../config/assets.ts';
import { userCacheFolder } from '../../kernel/accel.ts';

type Env = Record<string, string | undefined>;

/** What the set-up of Python looks at and acts on; tests give it another machine. */
export interface PythonMachine {
  /** The folder of the pipeline's package: `SLM/`. */
  package: string;
  /** Below it the environments are kept, one for each set of requirements. */
  cache: string;
  env: Env;
  platform: NodeJS.Platform;
}

/** A Python that has the packages of the pipeline. */
export interface Python {
  /** The interpreter. */
  program: string;
  /** Folders that it must be able to read, beside those of the system: the environment, and the pipeline's package. */
  readable: string[];
  /** The folder of the pipeline's package. */
  package: string;
}

export function thisMachine(env: Env = process.env): PythonMachine {
  const slm = assets().slmPackage;
  return { package: slm, cache: cacheFolder(dirname(slm), env), env, platform: process.platform };
}

/** A checkout keeps everything it fetches below itself; what is installed may be read-only, and is replaced by updates. */
export function cacheFolder(root: string, env: Env): string {
  if (existsSync(join(root, '.git'))) return join(root, '.cache', 'python');
  return join(userCacheFolder(env), 'python');
}

/** Where an environment lies: its name changes with the requirements. */
export interface EnvironmentPlace {
  requirements: string;
  home: string;
  program: string;
  /** Written last: an environment without it was cut off. */
  mark: string;
}

export function environmentPlace({ package: slm, cache, platform }: PythonMachine): EnvironmentPlace {
  const requirements = join(slm, 'requirements.txt');
  const packages = readFileSync(requirements, 'utf8')
    .replaceAll(/#.*|\s+$/gm, '')
    .trim();
  const hash = createHash('sha256').update(packages).digest('hex').slice(0, 12);
  const home = join(cache, hash);
  const program = join(home, platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');
  return { requirements, home, program, mark: join(home, '.whole') };
}

/** The variables that a pipeline command needs beside those of the system. */
export function pythonVariables(python: Python, env: Env = process.env): Record<string, string> {
  return {
    PYTHONPATH: python.package,
    // The package may lie where it cannot be written.
    PYTHONDONTWRITEBYTECODE: '1',
    PYTHONUNBUFFERED: '1',
    PYTHONIOENCODING: 'utf-8',
    // Threads that wait busily for each other stand still where builds and boots want the same cores.
    OMP_WAIT_POLICY: 'passive',
    ...(env['OMP_NUM_THREADS'] ? { OMP_NUM_THREADS: env['OMP_NUM_THREADS'] } : {}),
    // Empty it means no GPU at all.
    ...(env['CUDA_VISIBLE_DEVICES'] === undefined
      ? {}
      : { CUDA_VISIBLE_DEVICES: env['CUDA_VISIBLE_DEVICES'] }),
  };
}
