import type { KeyHelp } from '../../config/help.ts';
import type { ChosenModel, ModelCatalogue, OfferedProvider } from '../../models/catalogue.ts';
import { columnsOf, type Cli } from '../cli.ts';
import { table, wrap } from '../terminal/text.ts';

/** Every key with its type, default and meaning. */
export function renderHelp(cli: Cli, keys: readonly KeyHelp[]): string[] {
  const { style } = cli;
  return keys.flatMap(({ name, type, choices, default: usual, example, description }) => {
    const values = choices?.join(' | ') ?? type;
    const value = usual === undefined ? `not set, such as ${example ?? ''}` : `[${usual}]`;
    return [
      `${style.bold(name)}  ${values}  ${style.dim(value)}`,
      ...wrap(description, columnsOf(cli) - 4).map((line) => `    ${line}`),
    ];
  });
}

/** What is chosen, and what there is to choose from. */
export function renderCatalogue(cli: Cli, { model, roles, providers, playbooks }: ModelCatalogue): string[] {
  const { style } = cli;
  const chosen = ({ name, origin, missingKey }: ChosenModel) => [
    name,
    missingKey === null ? style.dim(origin ?? 'by default') : style.red(`its key is missing`),
  ];
  const own = roles.flatMap(({ role, model: ownModel }) => (ownModel ? [[role, ...chosen(ownModel)]] : []));
  return [
    style.bold('Chosen'),
    ...table([['every role', ...chosen(model)], ...own]).map(indent),
    ...providers.flatMap((provider) => [
      '',
      `${style.bold(provider.title)}  ${style.dim(access(provider))}`,
      ...table(
        provider.models.map(({ name, usdPerMillion }) => [
          name,
          usdPerMillion === null
            ? ''
            : style.dim(`$${usdPerMillion.input} in, $${usdPerMillion.output} out per million tokens`),
        ]),
      ).map(indent),
    ]),
    '',
    style.bold('Playbooks, recorded sessions that need no model'),
    ...table(playbooks.map(({ name, title }) => [`playbook/${name}`, style.dim(title)])).map(indent),
  ];
}

function access({ name, key, endpoint, models, unreachable }: OfferedProvider): string {
  if (endpoint === null && models.length === 0) return `no address; set llm.endpoints.${name}`;
  if (unreachable) return `nothing answers at ${endpoint ?? ''}`;
  if (key === null) return endpoint ?? '';
  return key.origin === null ? `no key; set ${key.variables[0] ?? ''}` : `key from ${key.origin}`;
}

const indent = (line: string) => `  ${line}`;
