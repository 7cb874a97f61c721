import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Git } from './git.ts';
import { readIgnoreFile, type IgnoreFile } from './ignore.ts';

/** Settings under which a file in a checkout is not simply the bytes and the mode of its blob, and the values that are. */
const SETTINGS: Record<string, RegExp> = {
  'core.attributesfile': /^$/,
  'core.autocrlf': /^false$/,
  'core.checkstat': /^default$/,
  'core.excludesfile': /^$/,
  'core.filemode': /^true$/,
  'core.fsmonitor': /^false$/,
  'core.ignorecase': /^false$/,
  'core.precomposeunicode': /^false$/,
  'core.sharedrepository': /^(false|umask|0)$/,
  'core.sparsecheckout': /^false$/,
  'core.splitindex': /^false$/,
  'core.symlinks': /^true$/,
  'core.trustctime': /^true$/,
  'extensions.partialclone': /^$/,
  'extensions.worktreeconfig': /^false$/,
  'feature.manyfiles': /^false$/,
  'include.path': /^$/,
  'index.sparse': /^false$/,
  'index.version': /^2$/,
};

/**
 * Whether checkouts of a repository can be read and written here. Where filters, attributes or unusual settings have a
 * say, and where the system has file names of another kind, git does it.
 */
export class Plain {
  readonly #git: Git;
  readonly #commonDir: string;
  readonly #personal: string;
  #known: { of: string; ignore: Promise<IgnoreFile[] | null> } | null = null;

  constructor(git: Git, commonDir: string) {
    const { HOME = '', XDG_CONFIG_HOME } = git.environment;
    this.#git = git;
    this.#commonDir = commonDir;
    this.#personal = XDG_CONFIG_HOME ? join(XDG_CONFIG_HOME, 'git') : join(HOME, '.config', 'git');
  }

  /** The ignore patterns that hold in every checkout, or null where git has to do it. */
  async ignoreFiles(): Promise<IgnoreFile[] | null> {
    const files = [
      join(this.#commonDir, 'config'),
      join(this.#commonDir, 'info', 'attributes'),
      join(this.#commonDir, 'info', 'exclude'),
      join(this.#personal, 'attributes'),
      join(this.#personal, 'ignore'),
      '/etc/gitattributes',
    ];
    const of = files.map(stateOf).join(' ');
    if (this.#known?.of === of) return this.#known.ignore;
    const ignore = this.#read();
    this.#known = { of, ignore };
    ignore.catch(() => (this.#known = null)); // who asked for it gets the error; the next asks again
    return ignore;
  }

  async #read(): Promise<IgnoreFile[] | null> {
    if (process.platform === 'win32' || process.platform === 'darwin') return null;
    const attributes = [join(this.#commonDir, 'info'), this.#personal].map((folder) =>
      join(folder, 'attributes'),
    );
    if ([...attributes, '/etc/gitattributes'].some((file) => existsSync(file))) return null;
    const settings = await this.#git.text(['config', '--list', '-z'], { gitDir: this.#commonDir });
    for (const setting of settings.split('\0')) {
      const [name = '', value = 'true'] = setting.split('\n');
      if (name.startsWith('includeif.')) return null;
      if (SETTINGS[name] && !SETTINGS[name].test(value)) return null;
    }
    const ignore: IgnoreFile[] = [];
    for (const file of [join(this.#personal, 'ignore'), join(this.#commonDir, 'info', 'exclude')]) {
      if (!existsSync(file)) continue;
      const rules = readIgnoreFile(readFileSync(file, 'utf8'), '');
      if (!rules) return null;
      ignore.push(rules);
    }
    return ignore;
  }
}

/** Changes whenever the file does. */
function stateOf(file: string): string {
  const stat = statSync(file, { bigint: true, throwIfNoEntry: false });
  return stat ? `${stat.ino}:${stat.size}:${stat.mtimeNs}:${stat.ctimeNs}` : '-';
}
