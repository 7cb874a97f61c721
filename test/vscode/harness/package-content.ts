import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { CodeServer } from './server.ts';

/** Everything in the package is one of these. */
const ALLOWED = [
  /^(package(\.nls(\.[\w-]+)?)?\.json|readme\.md|LICENSE\.txt|auton\.example\.toml|\.vsixmanifest)$/,
  /^(bin|l10n|media|playbooks|kernel_spec|SLM|kernels\/(mini|reference))\//,
  /^dist\/(auton\.mjs|ask-slm\.mjs|extension\.cjs)$/,
  /^dist\/(webview|node-pty|slm)\//,
];
const FORBIDDEN = /\.(map|ts|o|elf|iso)$|^kernels\/.*\/build[^/]*\/|(^|\/)(node_modules|\.env|\.git)(\/|$)/;
/** Without any of these a part of AUTON is dead. */
const REQUIRED = [
  ...['package.json', 'package.nls.json', 'readme.md', 'LICENSE.txt', 'media/icon.png', 'auton.example.toml'],
  ...[
    'dist/extension.cjs',
    'dist/auton.mjs',
    'dist/ask-slm.mjs',
    'dist/slm/mini_3M-Q8_0.onnx',
    'dist/node-pty/package.json',
    'dist/webview/graph.js',
    'bin/auton.mjs',
  ],
  ...['playbooks/reference/playbook.toml', 'kernels/reference/Makefile', 'kernel_spec/tests/acceptance.toml'],
  'SLM/models/mini_3M-Q4_0.gguf',
  'SLM/auton_slm/cli.py',
];
/** What is wrong with the files of the package that is installed in this server. */
export function contentProblems(server: CodeServer): string[] {
  const extensions = join(server.home, 'extensions');
  const name = readdirSync(extensions).find((entry) => entry.startsWith('auton.auton-'));
  if (name === undefined) return ['it is not installed'];
  const installed = join(extensions, name);
  const files = readdirSync(installed, { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => statSync(join(installed, path)).isFile());
  const strange = files.filter(
    (path) => !ALLOWED.some((pattern) => pattern.test(path)) || FORBIDDEN.test(path),
  );
  return [
    ...REQUIRED.filter((path) => !files.includes(path)).map((path) => `${path} is missing`),
    ...strange.map((path) => `${path} does not belong into it`),
  ];
}
