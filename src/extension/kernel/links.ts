import { existsSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { commands, Range, TerminalLink, Uri, window, type Disposable } from 'vscode';
import type { Machines } from './machines.ts';
import { placesIn, type Place } from './places.ts';

class PlaceLink extends TerminalLink {
  readonly file: string;
  readonly line: number;

  constructor(place: Place, file: string) {
    super(place.startIndex, place.length);
    this.file = file;
    this.line = place.line;
  }
}

/** Makes the places (`file:line`) that a kernel's call chain names in its terminal links to the source. */
export function kernelLinks(machines: Machines): Disposable {
  return window.registerTerminalLinkProvider({
    provideTerminalLinks({ line: text, terminal }) {
      const folder = machines.folderOf(terminal);
      if (folder === null) return [];
      return placesIn(text).flatMap((place) => {
        const path = isAbsolute(place.file) ? place.file : join(folder, place.file);
        return existsSync(path) ? [new PlaceLink(place, path)] : [];
      });
    },
    async handleTerminalLink({ file, line }: PlaceLink) {
      const selection = new Range(line - 1, 0, line - 1, 0);
      await commands.executeCommand('vscode.open', Uri.file(file), { selection });
    },
  });
}
