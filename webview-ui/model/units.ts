/** "{0} of {1}" with its places filled in. */
export function fill(text: string, ...values: (string | number)[]): string {
  return text.replace(/\{(\d)\}/g, (whole, index: string) => String(values[Number(index)] ?? whole));
}

/** "0:48", "12:03", "1:02:03". */
export function clockText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (value: number) => String(value).padStart(2, '0');
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}:${two(seconds % 60)}`;
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(seconds % 60)}`;
}

/** How long something took: "4.2 s", then as a clock. */
export function tookText(ms: number): string {
  return ms < 9950 ? `${(ms / 1000).toFixed(1)} s` : clockText(ms);
}

export function dollars(usd: number): string {
  return usd > 0 && usd < 0.005 ? '<$0.01' : `$${usd.toFixed(2)}`;
}

/**
 * One line without control characters or marks that turn the direction of text: agents wrote it.
 * Markup needs no care here, since text is only ever set as text.
 */
export function oneLine(text: string): string {
  // eslint-disable-next-line no-control-regex -- they are what must go
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\s]+/g, ' ').trim();
}
