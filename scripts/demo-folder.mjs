/** A folder to try AUTON on: a git repository whose configuration needs no key. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const DEMO = {
  'README.md': `# A kernel by agents

Open AUTON in the activity bar and press **Run Goal**. Take the first example and the shipped playbook: it needs no key
and no network. The agents' kernel grows in \`kernels/x86_64\`; talk to it with **AUTON: Chat With Kernel**.
`,
  'auton.toml': `# Every key is optional; "AUTON: Open Configuration" and auton.example.toml tell what there is.
[llm]
model = "playbook/reference"
`,
};

/** Its path. Made once; what is in it stays, runs of earlier times too. */
export function demoFolder(path = join(homedir(), 'auton-demo')) {
  if (existsSync(path) && readdirSync(path).length > 0) return path;
  console.log(`Making a demo folder: ${path}`);
  mkdirSync(path, { recursive: true });
  for (const [name, text] of Object.entries(DEMO)) writeFileSync(join(path, name), text);
  const git = (...args) => execFileSync('git', args, { cwd: path, stdio: ['ignore', 'ignore', 'inherit'] });
  git('init', '--initial-branch=main');
  git('add', '--all');
  git('-c', 'user.name=AUTON', '-c', 'user.email=auton@localhost', 'commit', '--message=Begin');
  return path;
}

if (import.meta.main) demoFolder();
