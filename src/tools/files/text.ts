import { openForReading, openForWriting, type Place } from '../paths.ts';
import { fileError, ToolError } from '../tool-error.ts';

/** The largest file that tools read, and the largest they write. */
export const MAX_READ_BYTES = 16 * 2 ** 20;
export const MAX_WRITE_BYTES = 2 ** 20;

/** As git decides it: a NUL among the first bytes. */
const BINARY_SNIFF_BYTES = 8000;

/** The content of a text file; bytes that are not UTF-8 become U+FFFD, and `lossy` says so. */
export async function readText(place: Place): Promise<{ text: string; lossy: boolean }> {
  const handle = await openForReading(place);
  try {
    const { size } = await handle.stat();
    if (size > MAX_READ_BYTES) {
      throw new ToolError(
        `${place.shown} has ${size} bytes, more than ${MAX_READ_BYTES}. Use search_code or shell.`,
      );
    }
    const bytes = await handle.readFile();
    if (bytes.subarray(0, BINARY_SNIFF_BYTES).includes(0)) {
      throw new ToolError(
        `${place.shown} is binary (${bytes.length} bytes). Use shell: file, xxd, objdump or readelf.`,
      );
    }
    const text = bytes.toString('utf8');
    return { text, lossy: !Buffer.from(text, 'utf8').equals(bytes) };
  } finally {
    await handle.close();
  }
}

/** Replaces a file's content, and makes the file and its folders if needed. */
export async function writeText(place: Place, text: string): Promise<void> {
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length > MAX_WRITE_BYTES) {
    throw new ToolError(
      `${place.shown} would have ${bytes.length} bytes; a file may have ${MAX_WRITE_BYTES}. Split it, or generate it in the build.`,
    );
  }
  const handle = await openForWriting(place);
  try {
    await handle.truncate(0);
    await handle.writeFile(bytes);
  } catch (error) {
    throw fileError(error, place.shown);
  } finally {
    await handle.close();
  }
}

/** Lines with their numbers from `first` on, as read_file shows them. */
export function numbered(lines: string[], first: number): string {
  const width = String(first + lines.length - 1).length;
  return lines.map((line, index) => `${String(first + index).padStart(width)}\t${line}`).join('\n');
}
