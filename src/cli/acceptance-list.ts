import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram, toolsFor } from '../kernel/toolchain.ts';
import type { AcceptanceTest } from '../protocol/evidence.ts';
import { ARCHITECTURES, type Architecture } from '../protocol/roles.ts';
import type { ListedTest, TestList } from '../protocol/validate-events.ts';
import { loadAcceptanceTests, readSubsystems } from '../validation/acceptance.ts';
import { groupTests } from '../validation/boot-groups.ts';
import type { KernelSetting } from './kernel-source.ts';

/** Every acceptance test of every architecture, and why some cannot be run on this kernel and this machine. */
export function listTests(setting: KernelSetting, file: string, env: NodeJS.ProcessEnv): TestList {
  const tests = loadAcceptanceTests(file);
  const text = readFileSync(file, 'utf8');
  const present = readSubsystems(setting.source);
  return {
    ...{ file, source: setting.source },
    architectures: ARCHITECTURES.map((name) => ({
      name,
      reason: whyNot(setting, name, env),
      tests: tests
        .filter(({ arch }) => arch.includes(name))
        .map((test) => listed(test, text, (subsystem) => present.has(subsystem))),
    })),
  };
}

function listed(test: AcceptanceTest, text: string, has: (subsystem: string) => boolean): ListedTest {
  const { name, subsystem, patterns, boot } = test;
  const missing = [subsystem, ...test.needs].filter((needed) => !has(needed));
  return {
    ...{ name, subsystem, patterns, boot },
    line: lineOf(name, text),
    cmdline: groupTests([test])[0]!.cmdline,
    reason: missing.length === 0 ? null : `The kernel has no ${missing.join(', no ')} yet.`,
  };
}

function lineOf(name: string, text: string): number {
  const at = new RegExp(`^\\s*name\\s*=\\s*["']${name}["']`, 'm').exec(text)?.index ?? 0;
  return text.slice(0, at).split('\n').length;
}

function whyNot({ source, config }: KernelSetting, architecture: Architecture, env: NodeJS.ProcessEnv) {
  // A kernel for one architecture has no such folder.
  const ports = join(source, 'arch');
  if (existsSync(ports) && !existsSync(join(ports, architecture)))
    return `The kernel has no port to ${architecture} yet.`;
  const missing = toolsFor(architecture, config.kernel).filter(({ name }) => !findProgram(name, env));
  if (missing.length === 0) return null;
  return `${missing.map(({ name }) => name).join(', ')} not found; see auton doctor.`;
}
