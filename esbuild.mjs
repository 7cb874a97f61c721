/**
 * Bundles into dist/: `auton.mjs` (the command line and the engine), `extension.cjs` (what the editor loads) and
 * `webview/` (what runs in its panels). With --watch it stays and follows the sources.
 */
import { build, context } from 'esbuild';

const shared = { bundle: true, sourcemap: 'linked', logLevel: 'warning' };

/** @type {import('esbuild').BuildOptions[]} */
const bundles = [
  {
    ...shared,
    entryPoints: ['src/cli/main.ts'],
    outfile: 'dist/auton.mjs',
    platform: 'node',
    format: 'esm',
    target: 'node24',
    // Packages that are CommonJS call `require` for Node's own modules, which a module does not have.
    banner: {
      js: [
        "import { createRequire as createRequireForBundle } from 'node:module';",
        'const require = createRequireForBundle(import.meta.url);',
      ].join('\n'),
    },
  },
  {
    ...shared,
    entryPoints: ['src/extension/extension.ts'],
    outfile: 'dist/extension.cjs',
    platform: 'node',
    format: 'cjs',
    target: 'node22',
    external: ['vscode'],
    minify: true,
    // vscode-jsonrpc has its CommonJS form under "main"; with "module" first, less of it is bundled.
    mainFields: ['module', 'main'],
  },
];

if (process.argv.includes('--watch')) {
  for (const options of bundles) {
    const watcher = await context({ ...options, logLevel: 'info' });
    await watcher.watch();
  }
} else {
  await Promise.all(bundles.map((options) => build(options)));
}
