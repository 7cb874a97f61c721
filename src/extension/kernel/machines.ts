import { l10n, ThemeIcon, window, type Disposable, type Terminal } from 'vscode';
import { UserError } from '../../protocol/errors.ts';
import { Disposables } from '../common/disposables.ts';
import { pick } from '../common/pick.ts';
import { setContext } from '../common/settings.ts';
import { Machine, type MachineOptions } from './machine.ts';

/** The machines of this window; each has a terminal. They end with the window. */
export class Machines implements Disposable {
  readonly #machines = new Map<Machine, Terminal | null>();
  readonly #disposables = new Disposables();
  #lastUsed: Machine | null = null;

  constructor() {
    this.#disposables.add(window.onDidCloseTerminal((terminal) => this.#forget(terminal)));
    this.#disposables.add(
      window.onDidChangeActiveTerminal((terminal) => {
        this.#lastUsed = this.#of(terminal) ?? this.#lastUsed;
      }),
    );
  }

  /** Boots in a new terminal that is shown. */
  boot(name: string, options: MachineOptions): Machine {
    const machine = this.add(new Machine(options));
    const running = [...this.#machines.values()].filter((terminal) => terminal?.name.startsWith(name)).length;
    const terminal = window.createTerminal({
      name: running === 0 ? name : `${name} ${running + 1}`,
      pty: machine,
      iconPath: new ThemeIcon('vm-running'),
    });
    this.#machines.set(machine, terminal);
    terminal.show();
    return machine;
  }

  /** One that is in a terminal of somebody else, a task's. */
  add(machine: Machine): Machine {
    this.#machines.set(machine, null);
    this.#lastUsed = machine;
    machine.onDidChange(() => this.#changed());
    return machine;
  }

  show(machine: Machine): void {
    this.#lastUsed = machine;
    this.#machines.get(machine)?.show();
  }

  /** The folder of the machine in this terminal. */
  folderOf(terminal: Terminal): string | null {
    return this.#of(terminal)?.folder ?? null;
  }

  /** One that runs: that in the active terminal, the last one used, or one that is asked for. */
  async running(options: { folder?: string } = {}): Promise<Machine | null> {
    const fitting = [...this.#machines].filter(
      ([machine]) => machine.running && (options.folder === undefined || machine.folder === options.folder),
    );
    const active = this.#of(window.activeTerminal) ?? this.#lastUsed;
    const known = fitting.find(([machine]) => machine === active);
    if (known) return known[0];
    if (fitting.length === 0) return null;
    return pick(
      fitting.map(([machine, terminal]) => ({
        label: terminal?.name ?? l10n.t('Kernel of a task'),
        description: machine.folder,
        value: machine,
      })),
      l10n.t('Which kernel?'),
    );
  }

  async requireRunning(): Promise<Machine> {
    const machine = await this.running();
    if (machine) return machine;
    throw new UserError(l10n.t('No kernel is booted.'), l10n.t('Boot one with "AUTON: Boot Kernel".'));
  }

  dispose(): void {
    this.#disposables.dispose();
    for (const [machine, terminal] of this.#machines) {
      machine.close();
      terminal?.dispose();
    }
    this.#machines.clear();
    this.#changed();
  }

  #of(terminal: Terminal | undefined): Machine | undefined {
    if (!terminal) return undefined;
    return [...this.#machines].find(([, other]) => other === terminal)?.[0];
  }

  #forget(terminal: Terminal): void {
    const machine = this.#of(terminal);
    if (machine) this.#machines.delete(machine);
    this.#changed();
  }

  #changed(): void {
    for (const machine of this.#machines.keys()) if (machine.gone) this.#machines.delete(machine);
    setContext(
      'auton.kernelBooted',
      [...this.#machines.keys()].some(({ running }) => running),
    );
  }
}
