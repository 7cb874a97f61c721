/** A loss as people read it. */
export function number(value: number | undefined): string {
  return value === undefined || !Number.isFinite(value) ? 'no number' : value.toFixed(3);
}
