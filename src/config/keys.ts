import { z } from 'zod';
import { configSchema } from '../protocol/config.ts';
import type { Config } from '../protocol/config.ts';
import { EXIT, UserError } from '../protocol/errors.ts';
import { nearest } from './nearest.ts';

/** One key of `auton.toml`, as the schema declares it. */
export interface KeyInfo {
  /** "llm.cost.max_cost_usd" */
  name: string;
  type: 'string' | 'number' | 'boolean';
  /** The values an enumeration allows. */
  choices?: string[];
  /** Undefined when nothing is set by default. */
  defaultValue: unknown;
  schema: z.ZodType;
}

/** All keys in the schema's order. */
export const KEYS: readonly KeyInfo[] = leaves(configSchema, [], configSchema.parse({}));

const BY_NAME = new Map(KEYS.map((key) => [key.name, key]));

/** The key of this name; an unknown one is a UserError that names the nearest. */
export function findKey(name: string): KeyInfo {
  const key = BY_NAME.get(name);
  if (key) return key;
  const guess = nearest(
    name,
    KEYS.map((known) => known.name),
  );
  throw new UserError(
    `There is no configuration key "${name}".`,
    guess ? `Did you mean "${guess}"?` : 'See `auton config get` for all keys.',
    { exitCode: EXIT.usage },
  );
}

/** The value of a key in a configuration; undefined when it is not set. */
export function valueOf(config: Config, name: string): unknown {
  return descend(config, name.split('.'));
}

function leaves(schema: z.core.$ZodType, path: string[], defaults: unknown): KeyInfo[] {
  const inner = unwrap(schema);
  if (inner instanceof z.ZodObject) {
    return Object.entries(inner.shape as Record<string, z.core.$ZodType>).flatMap(([key, child]) =>
      leaves(child, [...path, key], defaults),
    );
  }
  const choices = inner instanceof z.ZodEnum ? inner.options.map(String) : undefined;
  return [
    {
      name: path.join('.'),
      type: inner instanceof z.ZodNumber ? 'number' : inner instanceof z.ZodBoolean ? 'boolean' : 'string',
      ...(choices && { choices }),
      defaultValue: descend(defaults, path),
      schema: schema as z.ZodType,
    },
  ];
}

/** The schema inside default, prefault and optional wrappers. */
function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional) {
    return unwrap(schema.unwrap());
  }
  return schema;
}

export function descend(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (inner, key) =>
      typeof inner === 'object' && inner !== null ? (inner as Record<PropertyKey, unknown>)[key] : undefined,
    value,
  );
}
