type Optional<T> = { [K in keyof T]: undefined extends T[K] ? K : never }[keyof T];

/** What is left of options when those that are undefined are left out. */
export type Given<T> = Omit<T, Optional<T>> & { [K in Optional<T>]?: Exclude<T[K], undefined> };

/** `{a: undefined}` is not `{}` where a caller's defaults count. */
export function given<T extends object>(options: T): Given<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Given<T>;
}
