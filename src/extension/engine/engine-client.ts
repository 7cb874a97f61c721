/** What the extension takes of the engine; everything else of it runs in a process of its own. */
export { tryConnect, type EngineClient } from '../../engine/client.ts';
export { ensureEngine } from '../../engine/spawn.ts';
