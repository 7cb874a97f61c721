import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import type { SandboxResult } from '../../../src/tools/sandbox.ts';
import { Bubblewrap } from '../../../src/tools/sandbox/bubblewrap.ts';
import { realSandbox, sandboxDefaults } from '../../fixtures/real-sandbox.ts';

const MEMORY_MB = 1024;
/** Reserves four times the memory that is allowed without writing it, as CUDA does, then takes all of it. */
const RESERVE = `python3 - <<'EOF'
import ctypes, mmap
libc = ctypes.CDLL(None)
libc.mmap.restype = ctypes.c_void_p
size, PRIVATE_ANONYMOUS, NONE = ${MEMORY_MB * 4} << 20, 0x22, 0
address = libc.mmap(None, ctypes.c_size_t(size), NONE, PRIVATE_ANONYMOUS, -1, ctypes.c_long(0))
print('reserved', address != 2**64 - 1)
try:
    mmap.mmap(-1, size, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    print('taken')
except OSError:
    print('refused')
EOF`;
/** With uid 0 outside there is much, when /proc is not covered. */
const WRITABLE_OF_THE_HOST = "find /proc -path '/proc/[0-9]*' -prune -o -type f -writable -print";
const NAME_ITSELF = 'printf renamed >/proc/$$/task/$$/comm && cat /proc/$$/comm';

describe('GPUs in the sandbox', function () {
  let root: string;
  let worktree: string;

  /** In a sandbox of a machine whose /dev has these nodes: devices of this one, by the names of GPUs. */
  function run(script: string, gpu: boolean, nodes: Record<string, string>): Promise<SandboxResult> {
    const devices = mkdtempSync(path.join(root, 'dev-'));
    for (const [name, target] of Object.entries(nodes)) {
      mkdirSync(path.dirname(path.join(devices, name)), { recursive: true });
      symlinkSync(target, path.join(devices, name));
    }
    const limits = { ...sandboxDefaults(), memory_mb: MEMORY_MB };
    const common = { limits, hide: [], cgroups: undefined, countProcesses: false, disableUserns: true };
    return new Bubblewrap({ ...common, devices }).run({
      argv: ['bash', '-c', script],
      cwd: worktree,
      writable: [worktree],
      gpu,
      timeoutMs: 20_000,
    });
  }
  const NVIDIA = {
    nvidia0: '/dev/zero',
    nvidiactl: '/dev/null',
    'nvidia-uvm': '/dev/null',
    'nvidia-uvm-tools': '/dev/null',
    sda: '/dev/zero',
  };

  before(async function () {
    await realSandbox(this);
    root = realpathSync(mkdtempSync('/var/tmp/auton-gpu-'));
    worktree = path.join(root, 'worktree');
    mkdirSync(worktree);
  });
  after(() => root && rmSync(root, { recursive: true, force: true }));

  it('are devices that a command for them can read and write, and no other device is', async () => {
    const script =
      'ls /dev | grep -E "nvidia|sd"; head -c 4 /dev/nvidia0 | od -An -tx1; echo x >/dev/nvidiactl && echo written';
    const { output } = await run(script, true, NVIDIA);
    assert.equal(output, 'nvidia-uvm\nnvidia-uvm-tools\nnvidia0\nnvidiactl\n 00 00 00 00\nwritten\n');
  });

  it("are AMD's and Windows', too", async () => {
    const nodes = { kfd: '/dev/null', 'dri/renderD128': '/dev/zero', dxg: '/dev/null' };
    const { output } = await run('ls -d /dev/kfd /dev/dri /dev/dxg', true, nodes);
    assert.equal(output, '/dev/dri\n/dev/dxg\n/dev/kfd\n');
  });

  it('are seen by no other command, nor is what the kernel says of its devices', async () => {
    const { output } = await run('ls /dev | grep nvidia; ls -d /sys; echo end', false, NVIDIA);
    assert.match(output, /^ls: [^\n]*\/sys[^\n]*\nend\n$/);
  });

  it('come with what drivers ask of the kernel, read-only', async () => {
    const { output } = await run(
      'ls -d /sys/module /sys/devices/system/cpu; touch /sys/devices/x 2>&1',
      true,
      NVIDIA,
    );
    assert.match(output, /^\/sys\/devices\/system\/cpu\n\/sys\/module\n.*Read-only file system\n$/);
  });

  it('let a command name its threads, as CUDA must, and write nothing else of /proc', async () => {
    assert.equal((await run(`${NAME_ITSELF}; ${WRITABLE_OF_THE_HOST}`, true, NVIDIA)).output, 'renamed\n');
    assert.match((await run(NAME_ITSELF, false, NVIDIA)).output, /Read-only file system/);
  });

  it('let a command reserve addresses beyond its memory, as CUDA must, and not take more than that', async () => {
    assert.equal((await run(RESERVE, true, NVIDIA)).output, 'reserved True\nrefused\n');
    assert.match((await run(RESERVE, false, NVIDIA)).output, /reserved False/);
  });

  it('change nothing for a command where there are none', async () => {
    const { exitCode, output } = await run(`ls -d /sys; ${NAME_ITSELF}`, true, { sda: '/dev/zero' });
    assert.notEqual(exitCode, 0);
    assert.match(output, /\/sys[^]*Read-only file system/);
  });
});
