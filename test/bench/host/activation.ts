/** Runs in an extension host in which AUTON is not active yet, and activates it. */
import { performance } from 'node:perf_hooks';
import * as vscode from 'vscode';
import { MARK } from '../../vscode/harness/host/events.ts';
import type { Activation } from './messages.ts';

export async function run(): Promise<void> {
  const extension = vscode.extensions.getExtension('auton.auton');
  if (!extension || extension.isActive) throw new Error('AUTON must be installed and not active');
  const before = performance.now();
  await extension.activate();
  console.log(MARK + JSON.stringify({ ms: performance.now() - before } satisfies Activation));
}
