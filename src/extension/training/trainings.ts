import { readFile, stat } from 'node:fs/promises';
import { EventEmitter, RelativePattern, workspace, type Disposable, type Event, type Uri } from 'vscode';
import { Disposables } from '../common/disposables.ts';
import type { AutonFolder } from '../folder.ts';
import { readTraining, type Training } from './training-log.ts';

/** Of `auton slm train` in the folder and of the trainings of runs, and the logs that agents commit. */
const LOG = /(^|[\\/])(log|training)\.jsonl$|[\\/]SLM[\\/]training[\\/][^\\/]+\.jsonl$/;
const LOGS = '**/*.jsonl';
const MOST_FILES = 2000;
/** As many as can be told apart in one picture. */
const MOST_TRAININGS = 6;
const TOGETHER_MS = 300;
/** The editor is not told of files that a folder has from its beginning. */
const LOOK_MS = 5000;
/** A log of a training is far smaller. */
const MOST_BYTES = 16 * 1024 * 1024;

/** The trainings whose logs lie in a folder, newest first; tells when one of them goes on. */
export class Trainings implements Disposable {
  readonly #folder: AutonFolder;
  readonly #disposables = new Disposables();
  readonly #changed = this.#disposables.add(new EventEmitter<void>());
  readonly onDidChange: Event<void> = this.#changed.event;
  #timer: NodeJS.Timeout | undefined;
  readonly #looking = setInterval(() => this.#tell(), LOOK_MS);

  constructor(folder: AutonFolder) {
    this.#folder = folder;
    const watcher = workspace.createFileSystemWatcher(new RelativePattern(folder.folder, LOGS));
    const later = ({ fsPath }: Uri) => {
      if (LOG.test(fsPath)) this.#timer ??= setTimeout(() => this.#tell(), TOGETHER_MS);
    };
    this.#disposables.add(watcher);
    for (const event of [watcher.onDidChange, watcher.onDidCreate, watcher.onDidDelete])
      this.#disposables.add(event(later));
  }

  async read(): Promise<Training[]> {
    const pattern = new RelativePattern(this.#folder.folder, LOGS);
    const files = await workspace.findFiles(pattern, '**/node_modules/**', MOST_FILES);
    const logs = files.filter(({ fsPath }) => LOG.test(fsPath));
    const read = await Promise.all(logs.map(({ fsPath }) => this.#read(fsPath)));
    return read
      .filter((one) => one !== null)
      .sort((a, b) => b.changedAt - a.changedAt)
      .slice(0, MOST_TRAININGS)
      .map(({ training }) => training);
  }

  async #read(file: string): Promise<{ training: Training; changedAt: number } | null> {
    try {
      const { mtimeMs, size } = await stat(file);
      if (size > MOST_BYTES) return null;
      const place = workspace.asRelativePath(file, false);
      const training = readTraining(place, await readFile(file, 'utf8'), mtimeMs, Date.now());
      return training && { training, changedAt: mtimeMs };
    } catch {
      return null; // it went away meanwhile
    }
  }

  #tell(): void {
    this.#timer = undefined;
    this.#changed.fire();
  }

  dispose(): void {
    clearTimeout(this.#timer);
    clearInterval(this.#looking);
    this.#disposables.dispose();
  }
}
