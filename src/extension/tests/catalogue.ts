import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { l10n, Range, Uri, type TestController, type TestItem } from 'vscode';
import type { ArchitectureTests, ListedTest, TestList } from '../../protocol/validate-events.ts';
import { cliJson } from '../common/cli.ts';
import { nodeProgram } from '../common/node.ts';
import type { Ctx } from '../ctx.ts';
import type { AutonFolder } from '../folder.ts';

/** An acceptance test in the tree. */
export interface TestCase {
  folder: AutonFolder;
  architecture: ArchitectureTests;
  test: ListedTest;
  /** Where it is written down. */
  uri: Uri;
}

/** The tree of the Test Explorer: architecture, subsystem, acceptance test; below their folder where there are several. */
export class Catalogue {
  readonly #ctx: Ctx;
  readonly #controller: TestController;
  #cases = new WeakMap<TestItem, TestCase>();

  constructor(ctx: Ctx, controller: TestController) {
    this.#ctx = ctx;
    this.#controller = controller;
  }

  /** Reads the tests of every folder anew. Rejects when those of one cannot be read, after the others. */
  async refresh(): Promise<void> {
    const folders = this.#ctx.folders.all;
    const lists = await Promise.allSettled(folders.map((folder) => this.#list(folder)));
    const roots = lists.flatMap((list, index) => {
      const folder = folders[index]!;
      if (list.status === 'rejected' || !concerns(folder, list.value)) return [];
      const items = list.value.architectures.map((tests) => this.#architecture(folder, list.value, tests));
      return folders.length === 1 ? items : [this.#group(folder.path, folder.name, items)];
    });
    this.#controller.items.replace(roots);
    const failed = lists.find((list) => list.status === 'rejected');
    if (failed) throw failed.reason;
  }

  /** The tests at or below an item. */
  casesOf(item: TestItem): TestItem[] {
    if (this.#cases.has(item)) return [item];
    return [...item.children].flatMap(([, child]) => this.casesOf(child));
  }

  get(item: TestItem): TestCase {
    return this.#cases.get(item)!;
  }

  get roots(): TestItem[] {
    return [...this.#controller.items].map(([, item]) => item);
  }

  #list(folder: AutonFolder): Promise<TestList> {
    const program = nodeProgram(this.#ctx.extension);
    return cliJson(program, folder.path, ['--workspace', folder.path, 'validate', '--list', '--json']);
  }

  #architecture(folder: AutonFolder, list: TestList, tests: ArchitectureTests): TestItem {
    const uri = Uri.file(list.file);
    const id = `${folder.path}/${tests.name}`;
    const subsystems = Map.groupBy(tests.tests, ({ subsystem }) => subsystem);
    const groups = [...subsystems].map(([subsystem, own]) => {
      const items = own.map((test) => this.#test(id, { folder, architecture: tests, test, uri }));
      return this.#group(`${id}/${subsystem}`, subsystem, items);
    });
    const item = this.#group(id, tests.name, groups);
    if (tests.reason !== null) item.description = tests.reason;
    return item;
  }

  #test(id: string, test: TestCase): TestItem {
    const { name, subsystem, line } = test.test;
    const item = this.#controller.createTestItem(`${id}/${subsystem}/${name}`, name, test.uri);
    item.range = new Range(line - 1, 0, line - 1, 0);
    const reason = test.architecture.reason ?? test.test.reason;
    if (reason !== null) item.description = l10n.t('skipped');
    this.#cases.set(item, test);
    return item;
  }

  #group(id: string, label: string, children: TestItem[]): TestItem {
    const item = this.#controller.createTestItem(id, label);
    item.children.replace(children);
    return item;
  }
}

/** A folder that has nothing to do with AUTON gets no tests of the kernel that AUTON ships. */
function concerns({ path, runs }: AutonFolder, { source }: TestList): boolean {
  return (
    source.startsWith(join(path, '/')) || existsSync(join(path, 'auton.toml')) || runs.newest !== undefined
  );
}
