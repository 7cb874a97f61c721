/** Bundles the command line into one file, dist/auton.mjs. With --watch it stays and follows the sources. */
import { build, context } from 'esbuild';

/** @type {import('esbuild').BuildOptions} */
const options = {
  entryPoints: ['src/cli/main.ts'],
  outfile: 'dist/auton.mjs',
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node24',
  sourcemap: 'linked',
  // Packages that are CommonJS call `require` for Node's own modules, which a module does not have.
  banner: {
    js: [
      "import { createRequire as createRequireForBundle } from 'node:module';",
      'const require = createRequireForBundle(import.meta.url);',
    ].join('\n'),
  },
  logLevel: 'warning',
};

if (process.argv.includes('--watch')) {
  const watcher = await context({ ...options, logLevel: 'info' });
  await watcher.watch();
} else {
  await build(options);
}
