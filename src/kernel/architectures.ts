import type { Architecture } from '../protocol/roles.ts';

/** How a guest says that it is done: the exit codes QEMU ends with. `failed` is absent where none can be told. */
export interface ExitConvention {
  args: string[];
  passed: number;
  failed?: number;
}

/** Everything that differs between the machines a kernel is built for and booted on. */
export interface ArchitectureProfile {
  name: Architecture;
  /** `e_machine` of the kernel's ELF header. */
  elfMachine: number;
  qemu: string;
  /** The machine that every boot has. */
  machine: string[];
  memoryMb: number;
  exit: ExitConvention;
  /** Devices a test or a user can ask for, by name; empty for what the machine has anyway. */
  devices: Record<string, string[]>;
  /** Devices of a machine that a person boots. */
  interactiveDevices: string[];
  /** What `-kernel` takes: the ELF file itself, or the image without ELF around it that `bootImage` makes of it. */
  bootImage: 'elf' | 'flat';
  /** Where `-kernel` alone works and where boot media can be made too. */
  boots: ('kernel' | 'iso')[];
  /** GNU compiler and linker for this target; clang and lld serve all of them. */
  gcc: string;
  ld: string;
  /** Node's name of the processor on which an accelerator can run this guest. */
  hostArch: NodeJS.Architecture;
}

/** User-mode network that reaches nothing but QEMU's own DHCP and DNS. */
const ISOLATED_NET = 'user,id=net0,restrict=on';

/** A disk that is all zeros and forgets what is written. */
const emptyDrive = (id: string) => ['-drive', `if=none,id=${id},driver=null-co,size=64M,read-zeroes=on`];

/** Devices on PCI, which every machine has. */
const PCI_DEVICES = {
  'virtio-net': ['-netdev', 'user,id=net1,restrict=on', '-device', 'virtio-net-pci,netdev=net1,romfile='],
  'virtio-blk': [...emptyDrive('disk0'), '-device', 'virtio-blk-pci,drive=disk0'],
  'virtio-rng': ['-device', 'virtio-rng-pci'],
  nvme: [...emptyDrive('disk1'), '-device', 'nvme,drive=disk1,serial=AUTON-1'],
  ahci: [
    ...emptyDrive('disk2'),
    ...['-device', 'ich9-ahci,id=sata', '-device', 'ide-hd,drive=disk2,bus=sata.0'],
  ],
  e1000e: ['-netdev', 'user,id=net2,restrict=on', '-device', 'e1000e,netdev=net2,romfile='],
};

/** QEMU's memory-mapped virtio devices speak a dialect from before the standard unless they are told otherwise. */
const MODERN_MMIO = ['-global', 'virtio-mmio.force-legacy=false'];

export const PROFILES: Record<Architecture, ArchitectureProfile> = {
  x86_64: {
    name: 'x86_64',
    elfMachine: 62,
    qemu: 'qemu-system-x86_64',
    // `pc` starts 20 ms sooner than `q35`, whose firmware looks for AHCI disks.
    machine: ['-machine', 'pc', '-device', 'VGA'],
    memoryMb: 512,
    exit: { args: ['-device', 'isa-debug-exit,iobase=0xf4,iosize=0x04'], passed: 1, failed: 3 },
    devices: {
      ...PCI_DEVICES,
      vga: [],
      'user-net': ['-netdev', ISOLATED_NET, '-device', 'e1000,netdev=net0,romfile='],
    },
    interactiveDevices: ['user-net'],
    bootImage: 'elf',
    boots: ['kernel', 'iso'],
    gcc: 'gcc',
    ld: 'ld',
    hostArch: 'x64',
  },
  aarch64: {
    name: 'aarch64',
    elfMachine: 183,
    qemu: 'qemu-system-aarch64',
    machine: ['-machine', 'virt,gic-version=2', '-cpu', 'cortex-a53', ...MODERN_MMIO],
    memoryMb: 256,
    exit: { args: [], passed: 0 },
    devices: {
      ...PCI_DEVICES,
      'user-net': ['-netdev', ISOLATED_NET, '-device', 'virtio-net-pci,netdev=net0,romfile='],
    },
    interactiveDevices: ['user-net'],
    bootImage: 'flat',
    boots: ['kernel'],
    gcc: 'aarch64-linux-gnu-gcc',
    ld: 'aarch64-linux-gnu-ld',
    hostArch: 'arm64',
  },
  riscv64: {
    name: 'riscv64',
    elfMachine: 243,
    qemu: 'qemu-system-riscv64',
    machine: ['-machine', 'virt', ...MODERN_MMIO],
    memoryMb: 128,
    exit: { args: [], passed: 0 },
    devices: {
      ...PCI_DEVICES,
      'user-net': ['-netdev', ISOLATED_NET, '-device', 'virtio-net-pci,netdev=net0,romfile='],
    },
    interactiveDevices: ['user-net'],
    bootImage: 'elf',
    boots: ['kernel'],
    gcc: 'riscv64-linux-gnu-gcc',
    ld: 'riscv64-linux-gnu-ld',
    hostArch: 'riscv64',
  },
};
