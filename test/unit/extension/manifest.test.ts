import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as ids from '../../../src/extension/ids.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const readJson = (name: string) => JSON.parse(readFileSync(join(root, name), 'utf8')) as unknown;

interface MenuItem {
  command: string;
  when?: string;
}
interface Manifest {
  main: string;
  icon: string;
  activationEvents: string[];
  capabilities: { untrustedWorkspaces: { restrictedConfigurations: string[] } };
  contributes: {
    commands: { command: string; title: string; category: string; enablement?: string }[];
    menus: Record<string, MenuItem[]>;
    viewsContainers: { activitybar: { id: string; icon: string }[] };
    views: Record<string, { id: string; when?: string }[]>;
    viewsWelcome: { view: string; contents: string; when: string }[];
    configuration: { properties: Record<string, { markdownDescription: string }> }[];
    taskDefinitions: { type: string }[];
    walkthroughs?: { id: string }[];
    languageModelTools?: { name: string }[];
    chatParticipants?: { id: string }[];
  };
}
const manifest = readJson('package.json') as Manifest;
const { contributes } = manifest;

/** Commands that make no sense without the item they are clicked on. */
const ITEM_ONLY: ids.CommandName[] = [
  'openChange',
  'openBranchChanges',
  'openFile',
  'openSerialLog',
  'openBuildLog',
  'openTranscript',
  'revealTask',
  'refreshRuns',
  'copyCommand',
  'openFinding',
  'saveComment',
  'addComment',
  'cancelComment',
  'deleteComment',
  'editComment',
];

describe('the manifest and the ids of the code', () => {
  const sorted = (values: Iterable<string>) => [...values].sort();

  it('name the same commands, each of category AUTON', () => {
    assert.deepEqual(
      sorted(contributes.commands.map(({ command }) => command)),
      sorted(Object.values(ids.COMMANDS)),
    );
    for (const { command, category } of contributes.commands) assert.equal(category, 'AUTON', command);
  });

  it('name the same views in one container', () => {
    assert.deepEqual(Object.keys(contributes.views), [ids.VIEW_CONTAINER]);
    assert.equal(contributes.viewsContainers.activitybar[0]?.id, ids.VIEW_CONTAINER);
    const views = Object.values(contributes.views).flat();
    assert.deepEqual(sorted(views.map(({ id }) => id)), sorted(Object.values(ids.VIEWS)));
    for (const { view } of contributes.viewsWelcome)
      assert.ok(Object.values<string>(ids.VIEWS).includes(view), view);
  });

  it('name the same settings, task types, tools and walkthrough', () => {
    const settings = contributes.configuration.flatMap(({ properties }) => Object.keys(properties));
    assert.deepEqual(sorted(settings), sorted(ids.SETTINGS.map((key) => `auton.${key}`)));
    assert.deepEqual(
      sorted(contributes.taskDefinitions.map(({ type }) => type)),
      sorted(Object.values(ids.TASK_TYPES)),
    );
    assert.deepEqual(
      sorted((contributes.languageModelTools ?? []).map(({ name }) => name)),
      sorted(Object.values(ids.TOOLS)),
    );
    assert.deepEqual(
      (contributes.walkthroughs ?? []).map(({ id }) => id),
      ['start'],
    );
    assert.deepEqual(
      (contributes.chatParticipants ?? []).map(({ id }) => id),
      [ids.CHAT_PARTICIPANT],
    );
    for (const key of manifest.capabilities.untrustedWorkspaces.restrictedConfigurations) {
      assert.ok(settings.includes(key), `${key} is restricted and no setting`);
    }
  });

  it('use no context key that the code does not set', () => {
    const clauses = [
      ...Object.values(contributes.menus).flatMap((items) => items.map(({ when = '' }) => when)),
      ...contributes.viewsWelcome.map(({ when }) => when),
      ...Object.values(contributes.views).flatMap((views) => views.map(({ when = '' }) => when)),
      ...contributes.commands.map(({ enablement = '' }) => enablement),
    ].map((clause) => clause.replace(/(view|commentController) == auton\.\w+/g, ''));
    const used = new Set(clauses.flatMap((clause) => clause.match(/\bauton\.\w+/g) ?? []));
    assert.deepEqual(sorted(used), sorted(ids.CONTEXT_KEYS));
  });

  it('put only commands that exist into menus, and hide from the palette what needs an item', () => {
    const known = new Set(contributes.commands.map(({ command }) => command));
    for (const [menu, items] of Object.entries(contributes.menus)) {
      for (const { command } of items)
        assert.ok(known.has(command), `${menu} has ${command}, which does not exist`);
    }
    const hidden = (contributes.menus['commandPalette'] ?? []).filter(({ when }) => when === 'false');
    assert.deepEqual(
      sorted(hidden.map(({ command }) => command)),
      sorted(ITEM_ONLY.map((name) => ids.COMMANDS[name])),
    );
    const links = contributes.viewsWelcome.flatMap(
      ({ contents }) => text(contents).match(/command:auton\.\w+/g) ?? [],
    );
    assert.ok(links.length > 5);
    for (const link of links) assert.ok(known.has(link.slice('command:'.length)), link);
  });

  it('activate the extension by nothing but its own commands, views, panels and auton.toml', () => {
    assert.deepEqual(sorted(manifest.activationEvents), [
      `onFileSystem:${ids.SCHEMES.costs}`,
      `onFileSystem:${ids.SCHEMES.git}`,
      `onFileSystem:${ids.SCHEMES.run}`,
      `onWebviewPanel:${ids.GRAPH_VIEW_TYPE}`,
      `onWebviewPanel:${ids.TRAINING_VIEW_TYPE}`,
      'workspaceContains:auton.toml',
    ]);
  });
});

describe('the texts of the manifest', () => {
  const used = new Set(
    JSON.stringify(manifest)
      .match(/%[a-zA-Z][\w.-]*%/g)
      ?.map((key) => key.slice(1, -1)),
  );
  const translations = readdirSync(root).filter((name) => /^package\.nls(\.\w+)?\.json$/.test(name));

  for (const file of translations) {
    it(`are all in ${file}, and nothing else is`, () => {
      const texts = readJson(file) as Record<string, string>;
      assert.deepEqual(Object.keys(texts).sort(), [...used].sort());
      for (const [key, value] of Object.entries(texts)) assert.ok(value.trim() !== '', key);
    });
  }

  it('name files that exist', () => {
    for (const file of [manifest.icon, contributes.viewsContainers.activitybar[0]!.icon]) {
      assert.ok(existsSync(join(root, file)), file);
    }
  });
});

function text(value: string): string {
  const texts = readJson('package.nls.json') as Record<string, string>;
  return value.replace(/^%(.*)%$/, (_, key: string) => texts[key] ?? value);
}
