/** Makes from TypeScript what the editor loads: suites for its extension host, and the extension of test models. */
import { cpSync, globSync, mkdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { build, type BuildOptions } from 'esbuild';

const root = resolve(import.meta.dirname, '../../..');
const fixture = join(root, 'test/vscode/fixtures/models-extension');

const common: BuildOptions = {
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node22',
  sourcemap: 'inline',
  external: ['vscode', 'mocha'],
  logLevel: 'warning',
};

/** Bundles the suites of test/vscode/host/<name> into one script that exports `run`, as VS Code wants it; its path. */
export async function bundleSuites(name: string): Promise<string> {
  const suites = join(root, 'test/vscode/host', name);
  const files = globSync('**/*.test.ts', { cwd: suites }).sort();
  if (files.length === 0) throw new Error(`There are no tests in ${suites}`);
  const outfile = join(root, '.vscode-test/host', `${name}.cjs`);
  const runner = JSON.stringify(join(root, 'test/vscode/harness/host/run.ts'));
  // They are required, not imported: `describe` is not there before mocha is.
  const load = files.map((file) => `require(${JSON.stringify(`./${file}`)});`);
  const contents = `import { runSuites } from ${runner};
export const run = () => runSuites(() => { ${load.join('\n')} });`;
  await build({ ...common, stdin: { contents, resolveDir: suites, loader: 'ts' }, outfile });
  return outfile;
}

/** Bundles a script that exports `run` and is no mocha suite; its path. */
export async function bundleScript(entry: string): Promise<string> {
  const outfile = join(root, '.vscode-test/host', `${basename(entry, '.ts')}.cjs`);
  await build({ ...common, entryPoints: [entry], outfile });
  return outfile;
}

/** The folder of an extension that registers language models whose answers are written down in a setting. */
export async function bundleTestModels(): Promise<string> {
  const folder = join(root, '.vscode-test/models-extension');
  mkdirSync(folder, { recursive: true });
  cpSync(join(fixture, 'package.json'), join(folder, 'package.json'));
  const entryPoints = [join(fixture, 'extension.ts')];
  await build({ ...common, entryPoints, outfile: join(folder, 'extension.cjs') });
  return folder;
}
