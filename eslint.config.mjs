import { readdirSync } from 'node:fs';
import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/**
 * The dependency direction of src/: a folder may import from the layers below its own, never from its own
 * layer's other folders and never upwards.
 */
const LAYERS = [
  ['protocol'],
  ['config'],
  ['tools', 'models', 'kernel', 'fleet'],
  ['slm'],
  ['agents', 'validation', 'git'],
  ['run'],
  ['engine'],
  ['cli', 'extension'],
];

const folders = readdirSync('src', { withFileTypes: true }).filter((entry) => entry.isDirectory());
for (const { name } of folders) {
  if (!LAYERS.flat().includes(name)) throw new Error(`src/${name} has no layer: add it to LAYERS`);
}

const direction = LAYERS.flatMap((layer, level) =>
  layer.map((folder) => {
    const allowed = LAYERS.slice(0, level).flat();
    const forbidden = LAYERS.flat().filter((other) => other !== folder && !allowed.includes(other));
    const patterns = forbidden.length
      ? [
          {
            group: forbidden.flatMap((other) => [`../${other}/**`, `../../${other}/**`]),
            message: `src/${folder} may import only from: ${allowed.join(', ') || 'nothing of src/'}.`,
          },
        ]
      : [];
    if (folder !== 'extension')
      patterns.push({ group: ['vscode'], message: "Only src/extension imports 'vscode'." });
    return { files: [`src/${folder}/**/*.ts`], rules: { 'no-restricted-imports': ['error', { patterns }] } };
  }),
);

/** A panel of the editor is a page in a browser: of src/ it gets types, tables and the messages, nothing that needs Node. */
const webview = {
  files: ['webview-ui/**/*.ts'],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          {
            regex:
              '/src/(?!protocol/|extension/graph/(messages|strings)\\.ts|extension/training/(messages|strings|training-log)\\.ts)',
            message: 'Not for a web page.',
          },
          { group: ['node:*', 'vscode'], message: 'A web page has neither.' },
        ],
      },
    ],
  },
};

export default tseslint.config(
  { ignores: ['dist/', '.cache/', 'node_modules/', '.auton/', '.vscode-test/', 'kernels/', 'playbooks/'] },
  js.configs.recommended,
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['*.mjs'] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
    },
  },
  { files: ['**/*.mjs'], ...tseslint.configs.disableTypeChecked },
  {
    files: ['**/*.mjs'],
    languageOptions: { globals: { process: 'readonly', console: 'readonly', URL: 'readonly' } },
  },
  ...direction,
  webview,
);
