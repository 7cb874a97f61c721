import type { Context } from 'mocha';
import type { Python } from '../../src/slm/python/environment.ts';
import { findPython, requirePython } from '../../src/slm/python/python.ts';

let asked: Promise<Python | string> | undefined;

/**
 * The Python of the SLM pipeline. It is installed if it is not there, which takes a minute or more and up to 5 GB;
 * AUTON_SLM=0 forbids it. Where there is none the suite is skipped and says why.
 */
export async function pipelinePython(suite: Context): Promise<Python> {
  asked ??= find();
  const found = await asked;
  if (typeof found !== 'string') return found;
  console.log(`      skipped: ${found}`);
  return suite.skip();
}

async function find(): Promise<Python | string> {
  try {
    if (process.env['AUTON_SLM'] !== '0') return await requirePython();
    return (
      (await findPython()) ?? 'the Python of the SLM pipeline is not installed, and AUTON_SLM=0 forbids it'
    );
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
