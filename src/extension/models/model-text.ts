import { basename } from 'node:path';

/** "$4 in, $20 out"; `say` puts the two prices into words. */
export function priceText(
  { input, output }: { input: number; output: number },
  say: (input: string, output: string) => string,
): string {
  return say(`$${input}`, `$${output}`);
}

/** "auton.toml:12" of a place with its whole path. */
export function shortOrigin(origin: string): string {
  return basename(origin);
}

/** Whether a typed name cannot be a model's: `provider/model` with a provider that is known. */
export function modelNameProblem(typed: string, providers: readonly string[]): boolean {
  const name = typed.trim();
  const slash = name.indexOf('/');
  return (
    slash < 1 || slash === name.length - 1 || /\s/.test(name) || !providers.includes(name.slice(0, slash))
  );
}
