/** Runs in an extension host in which AUTON is not active yet, and activates it. */
import { performance } from 'node:perf_hooks';
import * as vscode from 'vscode';
import { MARK } from '../../vscode/harness/host/events.ts';
import type { Activation } from './messages.ts';

export async function run(): Promise<void> {
  const extension = vscode.extensions.getExtension('auton.auton');
  if (!extension || extension.isActive) throw new Error('AUTON must be installed and not active');
  await idle();
  const cpu = process.cpuUsage();
  const before = performance.now();
  await extension.activate();
  const ms = performance.now() - before;
  const { user, system } = process.cpuUsage(cpu);
  console.log(MARK + JSON.stringify({ ms, cpuMs: (user + system) / 1000 } satisfies Activation));
}

/** Other extensions begin at the same time and in the same thread; theirs is not AUTON's time. */
async function idle(): Promise<void> {
  for (let quiet = 0, looks = 0; quiet < 3 && looks < 60; looks++) {
    const before = performance.eventLoopUtilization();
    await new Promise((resolve) => setTimeout(resolve, 500));
    quiet = performance.eventLoopUtilization(before).utilization < 0.05 ? quiet + 1 : 0;
  }
}
