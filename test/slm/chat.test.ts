import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { assets } from '../../src/config/assets.ts';
import { UserError } from '../../src/protocol/errors.ts';
import { openGgufAnswerer } from '../../src/slm/host/gguf-answerer.ts';
import { modelFile } from '../kernel/neural/models.ts';

const { slmPackage, shippedModels } = assets();

describe('a GGUF model that is asked by itself', function () {
  this.timeout(900_000);
  let folder: string;
  before(() => (folder = mkdtempSync(join(tmpdir(), 'auton-chat-'))));
  after(() => rmSync(folder, { recursive: true, force: true }));

  const open = (model: string) =>
    openGgufAnswerer({
      model,
      grammar: join(slmPackage, 'GRAMMAR.md'),
      env: { ...process.env, XDG_CACHE_HOME: folder },
    });
  async function refusal(bytes: Uint8Array): Promise<string> {
    const file = join(folder, 'model.gguf');
    writeFileSync(file, bytes);
    const error: unknown = await open(file).then(
      () => assert.fail('it was taken'),
      (reason: unknown) => reason,
    );
    if (!(error instanceof UserError)) throw error;
    return error.message;
  }

  it("chooses actions by the kernel's own engine", async () => {
    const answerer = await open(join(shippedModels, 'mini_3M-Q4_0.gguf'));
    try {
      const action = async (line: string) => (await answerer.answer(line)).action;
      assert.equal(await action('What is 8086:100E?'), 'lookup pci 8086:100e');
      assert.equal(await action('install firefox'), 'install package firefox');
      const refused = await answerer.answer('who won the world cup');
      assert.deepEqual([refused.action, refused.unsure], ['unsure', true]);
      for (const line of ['', ' ', '?!'])
        assert.deepEqual([await action(line), (await answerer.answer(line)).unsure], ['unsure', true]);
      assert.equal(
        await action('What is 8086:100E?'),
        'lookup pci 8086:100e',
        'what came before changes nothing',
      );
    } finally {
      answerer.stop();
    }
  });

  it('is refused when it is damaged, or was not made by this pipeline', async () => {
    const whole = readFileSync(join(shippedModels, 'mini_3M-Q4_0.gguf'));
    assert.match(await refusal(whole.subarray(0, 3000)), /the file is truncated/);
    const own = modelFile({ dim: 32, layers: 1, heads: 2, kvHeads: 1, ffn: 32, vocab: 300 });
    assert.match(await refusal(own), /was not trained by this pipeline/);
  });
});

describe('auton slm chat', function () {
  this.timeout(300_000);
  const MAIN = resolve(import.meta.dirname, '../../src/cli/main.ts');
  const OWN = 'kernels/x86_64/SLM/models/mine-Q8_0.gguf';
  let folder: string;

  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'auton-chat-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function chat(...args: string[]) {
    const env = { ...process.env, NO_COLOR: '1', XDG_CONFIG_HOME: '/nonexistent' };
    const options = { cwd: folder, env, encoding: 'utf8', input: '' } as const;
    const { stdout, stderr } = spawnSync(process.execPath, [MAIN, 'slm', 'chat', ...args], options);
    return { stdout, stderr, lines: stdout.trimEnd().split('\n') };
  }
  /** What a run leaves: the model that ships stands for the one that it made. */
  function acceptedModel(card: string): void {
    mkdirSync(join(folder, 'kernels/x86_64/SLM/models'), { recursive: true });
    cpSync(join(shippedModels, 'mini_3M-Q8_0.gguf'), join(folder, OWN));
    writeFileSync(join(folder, 'kernels/x86_64/SLM/README.md'), card);
  }

  it('asks the model that ships where none was made, and says so', () => {
    const { lines, stderr } = chat('install', 'firefox');
    assert.equal(lines[0], 'mini_3M, 3.1 million parameters, GGUF Q4_0 (the one that ships).', stderr);
    assert.equal(lines[2], '  install package firefox');
  });

  it('asks the model that a run made and accepted here, and says so', () => {
    acceptedModel('# mine\n\n| `models/mine-Q8_0.gguf` | the kernel |\n');
    const { lines, stderr } = chat('install', 'firefox');
    assert.equal(lines[0], `mini_3M, 3.1 million parameters, GGUF Q8_0 (${OWN}, accepted by a run).`, stderr);
    assert.equal(lines[2], '  install package firefox');
  });

  it('keeps the order of what is typed on a terminal while it answers', async () => {
    const command = `'${process.execPath}' '${MAIN}' slm chat`;
    const env = { ...process.env, NO_COLOR: '1', XDG_CONFIG_HOME: '/nonexistent', TERM: 'xterm' };
    const terminal = spawn('script', ['-qec', command, '/dev/null'], { cwd: folder, env });
    let shown = '';
    let next: [wanted: string, typed: string] | undefined;
    const typed: [string, string][] = [
      ['slm> ', 'what is 8086:100e\rfor'],
      ['in the device table', 'mat the disk\r'],
      ['  format disk', '\x04'],
    ];
    terminal.stdout.setEncoding('utf8').on('data', (text: string) => {
      shown += text;
      next ??= typed.shift();
      if (!next || !shown.includes(next[0])) return;
      terminal.stdin.write(next[1]);
      next = undefined;
    });
    const limit = setTimeout(() => terminal.kill(), 60_000);
    await once(terminal, 'close');
    clearTimeout(limit);
    assert.match(shown, / {2}format disk/);
  });

  it('asks no model that the run has not accepted, unless it is named', () => {
    acceptedModel('# Another model\n');
    assert.match(chat('install', 'firefox').stdout, /^mini_3M, .*\(the one that ships\)\.\n/);
    assert.match(
      chat('--model', OWN, 'install', 'firefox').stdout,
      new RegExp(`^mini_3M, .*\\(${OWN}\\)\\.\n`),
    );
  });

  it('keeps its answers as JSON apart from what it says of the model', () => {
    const { stdout, stderr } = chat('--json', 'install', 'firefox');
    assert.equal((JSON.parse(stdout) as { action: string }).action, 'install package firefox');
    assert.match(stderr, /^mini_3M, .*\(the one that ships\)\.\n$/);
  });
});
