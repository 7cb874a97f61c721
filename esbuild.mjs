/**
 * Bundles into dist/: `auton.mjs` (the command line and the engine), `extension.cjs` (what the editor loads),
 * `ask-slm.mjs` (runs a language model for it) with the shipped one in `slm/`, `webview/` (what runs in its panels) and
 * `node-pty/` (its terminals). With --watch it stays and follows the sources.
 */
import { build, context } from 'esbuild';
import { copyNodePty } from './scripts/node-pty.mjs';
import { copyShippedModel } from './scripts/shipped-model.mjs';

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
    // Names stay as they are, for the stacks of crash reports.
    minifyWhitespace: true,
    minifySyntax: true,
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
    entryPoints: ['src/slm/ask/main.ts'],
    outfile: 'dist/ask-slm.mjs',
    platform: 'node',
    format: 'esm',
    target: 'node22',
    minify: true,
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
  {
    ...shared,
    entryPoints: [
      { in: 'webview-ui/main.ts', out: 'graph' },
      { in: 'webview-ui/graph.css', out: 'graph' },
      { in: 'webview-ui/training/main.ts', out: 'training' },
      { in: 'webview-ui/training.css', out: 'training' },
    ],
    outdir: 'dist/webview',
    platform: 'browser',
    format: 'iife',
    target: 'chrome120',
    minify: true,
  },
];

if (!copyNodePty('dist/node-pty'))
  console.warn('node-pty is not installed: no serial terminal in the editor.');
await copyShippedModel('dist/slm');
if (process.argv.includes('--watch')) {
  for (const options of bundles) {
    const watcher = await context({ ...options, logLevel: 'info' });
    await watcher.watch();
  }
} else {
  await Promise.all(bundles.map((options) => build(options)));
}
