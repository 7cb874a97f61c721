import { existsSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import {
  l10n,
  Location,
  Position,
  TestMessage,
  Uri,
  type CancellationToken,
  type TestItem,
  type TestRun,
} from 'vscode';
import { errorMessage, UserError } from '../../protocol/errors.ts';
import type { Evidence, TestResult } from '../../protocol/evidence.ts';
import type { ValidateEvent } from '../../protocol/validate-events.ts';
import { runCli } from '../common/cli.ts';
import { nodeProgram } from '../common/node.ts';
import type { Ctx } from '../ctx.ts';
import type { Catalogue } from './catalogue.ts';
import { EventLines } from './event-lines.ts';
import { failureText, verdictOf } from './verdict.ts';

/** Runs tests: one build and as few boots as they allow for each folder and architecture. */
export async function runTests(
  ctx: Ctx,
  catalogue: Catalogue,
  run: TestRun,
  items: readonly TestItem[],
  token: CancellationToken,
): Promise<void> {
  const able = skipUnable(catalogue, run, items);
  for (const item of able) run.enqueued(item);
  const kernels = Map.groupBy(able, (item) => {
    const { folder, architecture } = catalogue.get(item);
    return `${folder.path}\0${architecture.name}`;
  });
  for (const together of kernels.values()) {
    if (token.isCancellationRequested) return;
    const judgement = new Judgement(catalogue, run, together);
    try {
      await judgement.judge(ctx, token);
    } catch (error) {
      judgement.fail(errorMessage(error));
    }
  }
}

/** Marks what cannot be run here, with the reason, and returns the rest. */
export function skipUnable(catalogue: Catalogue, run: TestRun, items: readonly TestItem[]): TestItem[] {
  return items.filter((item) => {
    const { architecture, test } = catalogue.get(item);
    const reason = architecture.reason ?? test.reason;
    if (reason === null) return true;
    run.appendOutput(`${l10n.t('Skipped {0}: {1}', test.name, reason)}\r\n`, undefined, item);
    run.skipped(item);
    return false;
  });
}

/** The tests of one kernel on their way to their outcomes. */
class Judgement {
  readonly #catalogue: Catalogue;
  readonly #run: TestRun;
  /** The architecture, in the tree. */
  readonly #kernel: TestItem;
  readonly #open: Map<string, TestItem>;
  /** Outcomes that wait for what the boot says about them. */
  readonly #failed: TestResult[] = [];
  #serial = '';
  #bootedAt = Date.now();

  constructor(catalogue: Catalogue, run: TestRun, items: readonly TestItem[]) {
    this.#catalogue = catalogue;
    this.#run = run;
    this.#kernel = items[0]!.parent!.parent!;
    this.#open = new Map(items.map((item) => [catalogue.get(item).test.name, item]));
  }

  async judge(ctx: Ctx, token: CancellationToken): Promise<void> {
    const { folder, architecture } = this.#any;
    const lines = new EventLines((event) => this.#take(event));
    const { code, stderr } = await runCli(
      nodeProgram(ctx.extension),
      folder.path,
      [
        ...['--workspace', folder.path, 'validate', '--events', '--arch', architecture.name],
        ...['--only', [...this.#open.keys()].join(',')],
      ],
      { token, onOutput: (text) => lines.add(text) },
    );
    if (token.isCancellationRequested || this.#open.size === 0) return;
    throw new UserError(
      stderr.trim() || l10n.t('The validation ended with {0}.', String(code)),
      l10n.t('Run "AUTON: Validate" to see all of it.'),
    );
  }

  /** Whatever has no outcome yet gets this one. */
  fail(text: string): void {
    for (const item of this.#open.values()) this.#run.errored(item, new TestMessage(text));
    this.#open.clear();
  }

  get #any() {
    const [item] = this.#open.values();
    return this.#catalogue.get(item!);
  }

  #take(event: ValidateEvent): void {
    switch (event.type) {
      case 'output':
        if (event.from === 'serial') this.#serial += event.text;
        return this.#run.appendOutput(event.text.replace(/\r?\n/g, '\r\n'));
      case 'test':
        if (!event.result.passed) this.#failed.push(event.result);
        else this.#end(event.result.name, (item, ms) => this.#run.passed(item, ms));
        return;
      case 'evidence':
        return event.evidence.kind === 'build' ? this.#built(event.evidence) : this.#booted(event.evidence);
    }
  }

  #built(evidence: Evidence): void {
    if (!evidence.passed) return this.fail(failureText(evidence));
    this.#bootedAt = Date.now();
    for (const item of this.#open.values()) this.#run.started(item);
  }

  #booted(evidence: Evidence): void {
    for (const result of this.#failed) {
      this.#end(result.name, (item, ms) =>
        this.#run.failed(item, this.#messages(item, result, evidence), ms),
      );
    }
    // Every line may have come, and the kernel still not have left as it should: that is no test's fault alone.
    if (!evidence.passed && this.#failed.length === 0)
      this.#run.errored(this.#kernel, new TestMessage(failureText(evidence)));
  }

  #end(name: string, tell: (item: TestItem, ms: number) => void): void {
    const item = this.#open.get(name);
    if (!item) return;
    this.#open.delete(name);
    tell(item, Date.now() - this.#bootedAt);
  }

  /** At the test's own lines, and where the kernel died. */
  #messages(item: TestItem, result: TestResult, boot: Evidence): TestMessage[] {
    const { folder } = this.#catalogue.get(item);
    const { text, place } = verdictOf(result, boot, this.#serial);
    const message = new TestMessage(text);
    if (item.uri && item.range) message.location = new Location(item.uri, item.range);
    if (!place) return [message];
    const file = isAbsolute(place.file) ? place.file : join(folder.path, place.file);
    if (!existsSync(file)) return [message];
    const died = new TestMessage(l10n.t('The kernel died here.'));
    died.location = new Location(Uri.file(file), new Position(place.line - 1, 0));
    return [message, died];
  }
}
