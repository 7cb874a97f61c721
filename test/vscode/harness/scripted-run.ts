/** A run that a scripted model plays, over a real provider's protocol on loopback. */
import type { AgentScript } from '../../fixtures/agent-script.ts';
import { EngineFolder, GOAL, PRICED_MODEL, SECRET } from '../../fixtures/engine.ts';
import type { ScriptedProvider } from '../../fixtures/scripted-provider.ts';
import { endEngine } from './workspace.ts';
import type { Workbench } from './workbench.ts';

export { PRICED_MODEL, SECRET };
type Settings = Record<string, Record<string, unknown>>;

/** A folder whose auton.toml names the provider; the key is the user's to set. */
export class ScriptedFolder {
  readonly place: EngineFolder;
  readonly provider: ScriptedProvider;

  private constructor(place: EngineFolder, provider: ScriptedProvider) {
    this.place = place;
    this.provider = provider;
  }

  static async make(script: AgentScript, settings: Settings = {}): Promise<ScriptedFolder> {
    const place = new EngineFolder();
    return new ScriptedFolder(place, await place.provider(script, settings));
  }

  get folder(): string {
    return this.place.folder;
  }

  /** Replaces auton.toml, as an editor of it would. */
  configure(llm: Record<string, unknown>): void {
    const endpoints = { anthropic: this.provider.url };
    this.place.configure({ llm: { model: PRICED_MODEL, max_tokens: 1000, retries: 0, endpoints, ...llm } });
  }

  async close(): Promise<void> {
    endEngine(this.folder);
    await this.place.close();
  }
}

/** Types the key of Anthropic, once it was said that it is Anthropic's. */
export async function typeKey({ quickInput }: Workbench, key: string): Promise<void> {
  await quickInput.asks('Key for Anthropic');
  await quickInput.type(key);
  await quickInput.accept();
}

/** As a user: the key, the goal, the configured model. */
export async function runScripted(window: Workbench, key = SECRET): Promise<void> {
  await window.command('AUTON: Set API Key');
  await window.quickInput.asks('Whose key?');
  await window.quickInput.pick('Anthropic');
  await typeKey(window, key);
  await window.command('AUTON: Run Goal');
  await window.quickInput.asks(/What shall the agents build/);
  await window.quickInput.type(GOAL);
  await window.quickInput.pick(GOAL);
  await window.quickInput.asks(/Who works on it/);
  await window.quickInput.pick(PRICED_MODEL);
  await window.container('AUTON');
}
