import { cpSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** What of the package is needed to run it; its prebuilt binaries are for systems that npm does not compile on. */
const PARTS = [
  'package.json',
  'LICENSE',
  'lib',
  'build/Release/pty.node',
  'build/Release/spawn-helper',
  `prebuilds/${process.platform}-${process.arch}`,
];
const DEAD_WEIGHT = /\.(map|test\.js|pdb)$/;

/**
 * Copies node-pty, which cannot be bundled, to where the extension loads it from. It is an N-API module: the one that
 * npm compiled serves every Node and Electron. False where it is missing: then all but the serial terminal works.
 */
export function copyNodePty(to) {
  const from = join('node_modules', 'node-pty');
  rmSync(to, { recursive: true, force: true });
  if (!existsSync(from)) return false;
  mkdirSync(to, { recursive: true });
  for (const part of PARTS.filter((part) => existsSync(join(from, part)))) {
    cpSync(join(from, part), join(to, part), { recursive: true, filter: (file) => !DEAD_WEIGHT.test(file) });
  }
  return true;
}
