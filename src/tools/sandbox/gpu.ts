import { readdirSync } from 'node:fs';
import path from 'node:path';
import { hasCode } from '../../protocol/errors.ts';

/** Nodes of NVIDIA's driver with its folder of capabilities, of AMD's, and of Windows' GPUs in WSL 2. */
const NODES = /^(nvidia.*|kfd|dri|dxg)$/;
/** What CUDA and ROCm ask the kernel about its driver, the devices and the memory near them. */
const READABLE = [
  '/sys/module',
  '/sys/bus/pci',
  '/sys/class/drm',
  '/sys/class/kfd',
  '/sys/dev/char',
  '/sys/devices',
];

/**
 * bubblewrap's options that show a command the GPUs whose nodes are in this folder, behind those that made /dev and
 * /proc; none where there are none.
 */
export function gpuMounts(devices: string): string[] {
  const nodes = entries(devices).filter(({ name }) => NODES.test(name));
  if (nodes.length === 0) return [];
  return [
    ...nodes.flatMap(({ name }) => ['--dev-bind', path.join(devices, name), `/dev/${name}`]),
    ...READABLE.flatMap((place) => ['--ro-bind-try', place, place]),
    ...writableProcesses(),
  ];
}

/**
 * CUDA names its threads by /proc/<process>/task/<thread>/comm and does not start where it cannot. So /proc stays
 * writable, and with uid 0 outside much in it is the host's: everything but processes is covered.
 */
function writableProcesses(): string[] {
  return entries('/proc').flatMap((entry) => {
    if (/^\d+$/.test(entry.name) || entry.isSymbolicLink()) return [];
    const place = `/proc/${entry.name}`;
    return ['--ro-bind', place, place];
  });
}

function entries(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  }
}
