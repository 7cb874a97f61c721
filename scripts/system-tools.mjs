/**
 * The system's part of what AUTON needs: one row a tool.
 *
 * `commands`: any of these on the PATH will do. `files`: any of these will do, for what is no command.
 * The other columns are package names; `null` where a package manager has none.
 */
export const SYSTEM_TOOLS = [
  {
    name: 'git',
    why: 'agents work on branches',
    commands: ['git'],
    ...{ apt: 'git', dnf: 'git', pacman: 'git', brew: 'git' },
  },
  {
    name: 'ripgrep',
    why: 'agents search the code',
    commands: ['rg'],
    ...{ apt: 'ripgrep', dnf: 'ripgrep', pacman: 'ripgrep', brew: 'ripgrep' },
  },
  {
    name: 'bubblewrap',
    why: 'keeps what agents run in a sandbox',
    commands: ['bwrap'],
    platform: 'linux',
    ...{ apt: 'bubblewrap', dnf: 'bubblewrap', pacman: 'bubblewrap', brew: null },
  },
  {
    name: 'make',
    why: 'builds the kernel',
    commands: ['make'],
    ...{ apt: 'make', dnf: 'make', pacman: 'make', brew: 'make' },
  },
  {
    name: 'gcc',
    why: 'compiles the kernel',
    commands: ['gcc'],
    ...{ apt: 'gcc', dnf: 'gcc', pacman: 'gcc', brew: 'x86_64-elf-gcc' },
  },
  {
    name: 'g++',
    why: 'compiles node-pty, on which the serial terminal in VS Code runs',
    commands: ['g++', 'c++', 'clang++'],
    ...{ apt: 'g++', dnf: 'gcc-c++', pacman: 'gcc', brew: null },
  },
  {
    name: 'Python',
    why: 'node-pty is built with it',
    commands: ['python3'],
    ...{ apt: 'python3', dnf: 'python3', pacman: 'python', brew: 'python' },
  },
  {
    name: 'C library headers',
    why: 'the build makes its tables with small programs that run on this machine',
    files: ['/usr/include/stdio.h'],
    platform: 'linux',
    ...{ apt: 'libc6-dev', dnf: 'glibc-devel', pacman: 'glibc', brew: null },
  },
  {
    name: 'clang',
    why: 'compiles the kernel a second time, to find what gcc lets pass',
    commands: ['clang'],
    ...{ apt: 'clang', dnf: 'clang', pacman: 'clang', brew: 'llvm' },
  },
  {
    name: 'ld',
    why: 'links the kernel',
    commands: ['ld'],
    ...{ apt: 'binutils', dnf: 'binutils', pacman: 'binutils', brew: 'x86_64-elf-binutils' },
  },
  {
    name: 'nasm',
    why: 'assembles the x86_64 parts',
    commands: ['nasm'],
    ...{ apt: 'nasm', dnf: 'nasm', pacman: 'nasm', brew: 'nasm' },
  },
  {
    name: 'QEMU for x86_64',
    why: 'boots the kernel',
    commands: ['qemu-system-x86_64'],
    ...{ apt: 'qemu-system-x86', dnf: 'qemu-system-x86-core', pacman: 'qemu-system-x86', brew: 'qemu' },
  },
  {
    name: 'gcc for aarch64',
    why: 'compiles and links the kernel for AArch64',
    commands: ['aarch64-linux-gnu-gcc', 'aarch64-elf-gcc'],
    ...{
      apt: 'gcc-aarch64-linux-gnu',
      dnf: 'gcc-aarch64-linux-gnu',
      pacman: 'aarch64-linux-gnu-gcc',
      brew: 'aarch64-elf-gcc',
    },
  },
  {
    name: 'gcc for riscv64',
    why: 'compiles and links the kernel for RISC-V 64',
    commands: ['riscv64-linux-gnu-gcc', 'riscv64-elf-gcc'],
    ...{
      apt: 'gcc-riscv64-linux-gnu',
      dnf: 'gcc-riscv64-linux-gnu',
      pacman: 'riscv64-linux-gnu-gcc',
      brew: 'riscv64-elf-gcc',
    },
  },
  {
    name: 'QEMU for aarch64',
    why: 'boots the kernel for AArch64',
    commands: ['qemu-system-aarch64'],
    ...{
      apt: 'qemu-system-arm',
      dnf: 'qemu-system-aarch64-core',
      pacman: 'qemu-system-aarch64',
      brew: 'qemu',
    },
  },
  {
    name: 'QEMU for riscv64',
    why: 'boots the kernel for RISC-V 64',
    commands: ['qemu-system-riscv64'],
    ...{ apt: 'qemu-system-misc', dnf: 'qemu-system-riscv-core', pacman: 'qemu-system-riscv', brew: 'qemu' },
  },
  {
    name: 'grub-mkrescue',
    why: 'makes boot media',
    commands: ['grub-mkrescue', 'grub2-mkrescue', 'i686-elf-grub-mkrescue'],
    ...{ apt: 'grub-common', dnf: 'grub2-tools-extra', pacman: 'grub', brew: 'i686-elf-grub' },
  },
  {
    name: 'GRUB for PC BIOS',
    why: 'makes boot media',
    files: ['/usr/lib/grub/i386-pc/modinfo.sh', '/usr/lib/grub/i386-pc/moddep.lst'],
    platform: 'linux',
    ...{ apt: 'grub-pc-bin', dnf: 'grub2-pc-modules', pacman: 'grub', brew: null },
  },
  {
    name: 'xorriso',
    why: 'makes boot media',
    commands: ['xorriso'],
    ...{ apt: 'xorriso', dnf: 'xorriso', pacman: 'libisoburn', brew: 'xorriso' },
  },
  {
    name: 'mtools',
    why: 'makes boot media',
    commands: ['mformat'],
    ...{ apt: 'mtools', dnf: 'mtools', pacman: 'mtools', brew: 'mtools' },
  },
  {
    name: 'pci.ids',
    why: 'lets the kernel name every PCI device',
    files: [
      '/usr/share/misc/pci.ids',
      '/usr/share/hwdata/pci.ids',
      '/opt/homebrew/share/hwdata/pci.ids',
      '/usr/local/share/hwdata/pci.ids',
    ],
    ...{ apt: 'pci.ids', dnf: 'hwdata', pacman: 'hwdata', brew: 'hwdata' },
  },
];

/** Where the versions of clang keep what they link into a fuzz target. */
const FUZZ_RUNTIMES = Array.from(
  { length: 12 },
  (_, index) => `/usr/lib/clang/${14 + index}/lib/linux/libclang_rt.fuzzer-x86_64.a`,
);

/**
 * What only the tests need: what fuzzes and checks the kernel from outside; and for a real VS Code a browser, and what
 * code-server compiles its parts with.
 */
export const TEST_TOOLS = [
  {
    name: "clang's runtime",
    why: 'fuzzes what the kernel reads',
    files: FUZZ_RUNTIMES,
    platform: 'linux',
    ...{ apt: 'libclang-rt-dev', dnf: 'compiler-rt', pacman: 'compiler-rt', brew: null },
  },
  {
    name: 'e2fsprogs',
    why: "makes and checks disks for the kernel's file systems",
    files: ['/usr/sbin/debugfs', '/sbin/debugfs', '/usr/bin/debugfs'],
    platform: 'linux',
    ...{ apt: 'e2fsprogs', dnf: 'e2fsprogs', pacman: 'e2fsprogs', brew: null },
  },
  {
    name: 'sgdisk',
    why: 'checks the partition tables that the kernel writes',
    files: ['/usr/sbin/sgdisk', '/sbin/sgdisk', '/usr/bin/sgdisk'],
    platform: 'linux',
    ...{ apt: 'gdisk', dnf: 'gdisk', pacman: 'gptfdisk', brew: null },
  },
  {
    name: 'U-Boot',
    why: 'starts disks in machines of AArch64 and RISC-V 64',
    files: ['/usr/lib/u-boot/qemu_arm64/u-boot.bin'],
    platform: 'linux',
    ...{ apt: 'u-boot-qemu', dnf: null, pacman: null, brew: null },
  },
  {
    name: 'ab',
    why: "asks the kernel's web server ten thousand times",
    commands: ['ab'],
    platform: 'linux',
    ...{ apt: 'apache2-utils', dnf: 'httpd-tools', pacman: 'apache', brew: 'httpd' },
  },
  {
    name: 'curl',
    why: "fetches from the kernel's web server",
    commands: ['curl'],
    platform: 'linux',
    ...{ apt: 'curl', dnf: 'curl', pacman: 'curl', brew: 'curl' },
  },
  {
    name: 'wget',
    why: "fetches from the kernel's web server",
    commands: ['wget'],
    platform: 'linux',
    ...{ apt: 'wget', dnf: 'wget', pacman: 'wget', brew: 'wget' },
  },
  {
    name: 'QEMU for programs of aarch64',
    why: "runs the kernel's neural engine with the vectors of AArch64",
    commands: ['qemu-aarch64'],
    platform: 'linux',
    ...{ apt: 'qemu-user', dnf: 'qemu-user', pacman: 'qemu-user', brew: null },
  },
  {
    name: 'C library for aarch64',
    why: 'programs of AArch64 are linked with it',
    files: ['/usr/aarch64-linux-gnu/lib/libc.a'],
    platform: 'linux',
    ...{ apt: 'libc6-dev-arm64-cross', dnf: null, pacman: 'aarch64-linux-gnu-glibc', brew: null },
  },
  {
    name: 'SIMDe',
    why: "runs the kernel's neural engine for AVX-512 on processors without",
    files: ['/usr/include/simde/x86/avx512.h'],
    platform: 'linux',
    ...{ apt: 'libsimde-dev', dnf: 'simde-devel', pacman: 'simde', brew: null },
  },
  {
    name: 'Chromium',
    why: 'is the window of the VS Code that the tests run',
    commands: ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'],
    ...{ apt: 'chromium', dnf: 'chromium', pacman: 'chromium', brew: 'chromium' },
  },
  {
    name: 'pkg-config',
    why: 'finds the libraries that VS Code is compiled against',
    commands: ['pkg-config'],
    ...{ apt: 'pkg-config', dnf: 'pkgconf-pkg-config', pacman: 'pkgconf', brew: 'pkgconf' },
  },
  {
    name: 'Kerberos headers',
    why: 'VS Code is compiled against them',
    files: ['/usr/include/gssapi/gssapi.h'],
    platform: 'linux',
    ...{ apt: 'libkrb5-dev', dnf: 'krb5-devel', pacman: 'krb5', brew: null },
  },
  {
    name: 'X11 headers',
    why: 'VS Code is compiled against them',
    files: ['/usr/include/X11/Xlib.h'],
    platform: 'linux',
    ...{ apt: 'libx11-dev', dnf: 'libX11-devel', pacman: 'libx11', brew: null },
  },
  {
    name: 'X keyboard headers',
    why: 'VS Code is compiled against them',
    files: ['/usr/include/X11/extensions/XKBfile.h'],
    platform: 'linux',
    ...{ apt: 'libxkbfile-dev', dnf: 'libxkbfile-devel', pacman: 'libxkbfile', brew: null },
  },
  {
    name: 'libsecret headers',
    why: 'VS Code is compiled against them',
    files: ['/usr/include/libsecret-1/libsecret/secret.h'],
    platform: 'linux',
    ...{ apt: 'libsecret-1-dev', dnf: 'libsecret-devel', pacman: 'libsecret', brew: null },
  },
];

/** How each package manager installs; `packages` are appended. */
export const PACKAGE_MANAGERS = {
  apt: 'sudo apt-get update && sudo apt-get install -y --no-install-recommends',
  dnf: 'sudo dnf install -y',
  pacman: 'sudo pacman -S --needed',
  brew: 'brew install',
};

/** The packages of one manager for the given tools, each once. */
export function packagesFor(manager, tools) {
  return [...new Set(tools.map((tool) => tool[manager]).filter((name) => name !== null))];
}
