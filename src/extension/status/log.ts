import { Disposable, LogLevel } from 'vscode';
import { describeEvent } from '../../protocol/describe-event.ts';
import { oneLine } from '../../protocol/printable.ts';
import type { Ctx } from '../ctx.ts';
import type { LinkStatus } from '../engine/engine-link.ts';
import { levelOf } from './log-level.ts';

/** A line of a model's text that is longer is logged in pieces. */
const LINE_CHARACTERS = 2000;

/** What happens in runs, a line an event; what models write, at the level of traces. */
export function followLog({ log, folders }: Ctx): Disposable {
  const written = new Map<string, string>();
  const links = new Map<string, LinkStatus>();
  const where = (name: string) => (folders.all.length > 1 ? `[${name}] ` : '');
  return Disposable.from(
    folders.onDidHappen(({ folder, record, event }) => {
      const line = describeEvent(event, record.state);
      if (line) log[levelOf(line)](`${where(folder.name)}${line.subject}: ${line.text}`);
    }),
    folders.onDidOutput(({ folder, output }) => {
      if (log.logLevel !== LogLevel.Trace) return;
      const source = output.kind === 'text' ? output.agent : output.source;
      const key = `${folder.path}\n${source}`;
      const lines = ((written.get(key) ?? '') + output.text).split('\n');
      const rest = lines.pop()!;
      if (rest.length > LINE_CHARACTERS) lines.push(rest);
      written.set(key, rest.length > LINE_CHARACTERS ? '' : rest);
      for (const text of lines) log.trace(`${where(folder.name)}${source}| ${oneLine(text)}`);
    }),
    folders.onDidChange((change) => {
      if (change.kind !== 'engine') return;
      const { folder } = change;
      const { status } = folder.engine;
      const before = links.get(folder.path) ?? 'none';
      links.set(folder.path, status);
      if (status === before || status === 'connecting') return;
      if (status === 'connected') log.info(`${where(folder.name)}engine: connected`);
      else if (status === 'lost') log.error(`${where(folder.name)}engine: ended while it worked on a run`);
      else log.info(`${where(folder.name)}engine: ended`);
    }),
  );
}
