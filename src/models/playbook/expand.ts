import { globSync, readFileSync, statSync } from 'node:fs';
import { isAbsolute, join, sep } from 'node:path';
import { z } from 'zod';
import { errorMessage } from '../../protocol/errors.ts';
import type { Architecture } from '../../protocol/roles.ts';
import { ModelError } from '../client.ts';
import type { RecordedAnswer, RecordedCall } from './format.ts';
import type { Playbook } from './load.ts';
import { termsFor, withTerms } from './terms.ts';
import type { Terms } from './terms.ts';

export interface ExpandedCall {
  tool: string;
  input: Record<string, unknown>;
}

/**
 * The tool calls of a recorded answer with the contents of the files they name, as those are now. A file that is
 * gone or a replacement that no longer fits is a ModelError naming playbook, session and file.
 */
export function expandCalls(
  playbook: Playbook,
  arch: Architecture,
  session: string,
  answer: RecordedAnswer,
): ExpandedCall[] {
  const place = new Place(playbook, termsFor(playbook, arch), session);
  const written = answer.files.flatMap(({ from, paths }) =>
    paths
      .flatMap((pattern) => place.matches(from, pattern))
      .map((path) => ({
        tool: 'write_file',
        input: { path, content: place.read(from, path) },
      })),
  );
  return [...written, ...answer.call.map((call) => expandCall(place, call))];
}

function expandCall(place: Place, call: RecordedCall): ExpandedCall {
  const input = call.inputFile === undefined ? call.input : place.json(call.inputFile);
  if (call.contentFrom === undefined) return { tool: call.tool, input };
  const colon = call.contentFrom.indexOf(':');
  const path = call.contentFrom.slice(colon + 1);
  let content = place.read(call.contentFrom.slice(0, colon), path);
  for (const { find, with: replacement } of call.replace) {
    const parts = content.split(find);
    if (parts.length !== 2) {
      place.fail(
        `${path}: the text to replace occurs ${parts.length - 1} times, not once: ${JSON.stringify(find)}`,
      );
    }
    content = parts.join(replacement);
  }
  return { tool: call.tool, input: { ...input, content } };
}

/** Reads what a session names, and knows whose fault it is when that is not there. */
class Place {
  readonly #playbook: Playbook;
  readonly #terms: Terms;
  readonly #session: string;

  constructor(playbook: Playbook, terms: Terms, session: string) {
    this.#playbook = playbook;
    this.#terms = terms;
    this.#session = session;
  }

  matches(tree: string, pattern: string): string[] {
    const root = this.#tree(tree);
    this.#assertInside(pattern);
    const found = globSync(pattern, { cwd: root })
      .filter((path) => statSync(join(root, path)).isFile())
      .map((path) => path.split(sep).join('/'))
      .sort();
    return found.length > 0 ? found : this.fail(`nothing in ${root} matches "${pattern}"`);
  }

  read(tree: string, path: string): string {
    const root = this.#tree(tree);
    this.#assertInside(path);
    return this.#text(join(root, path));
  }

  json(path: string): Record<string, unknown> {
    const result = z
      .preprocess(
        (text, context) => {
          try {
            return JSON.parse(text as string) as unknown;
          } catch (error) {
            context.addIssue(errorMessage(error));
            return z.NEVER;
          }
        },
        z.record(z.string(), z.unknown()),
      )
      .safeParse(this.#text(path));
    return result.success
      ? withTerms(result.data, this.#terms)
      : this.fail(`${path}: ${z.prettifyError(result.error)}`);
  }

  fail(problem: string): never {
    throw new ModelError(
      'not_covered',
      `The playbook "${this.#playbook.name}" no longer fits its sources. Session of ${this.#session}: ${problem}.`,
      `Correct ${join(this.#playbook.folder, 'playbook.toml')}, or restore the file it names.`,
    );
  }

  #text(path: string): string {
    try {
      return readFileSync(path, 'utf8');
    } catch (error) {
      return this.fail(`${path} cannot be read: ${errorMessage(error)}`);
    }
  }

  #tree(name: string): string {
    return this.#playbook.files[name] ?? this.fail(`[files] has no "${name}"`);
  }

  #assertInside(path: string): void {
    if (isAbsolute(path) || path.split(/[\\/]/).includes('..')) this.fail(`"${path}" leads out of its tree`);
  }
}
