/** Files that are replaced whole. */
import { dirname } from "node:path";

export interface ReplaceOptions {
  /** Permissions of the new file; 0o666 less the umask when absent. */
  readonly mode?: number;
}

/**
 * Writes a file so that whatever happens, the machine losing its power included, leaves its old
 * content or the new one: a file beside it is written, brought to the disk, and renamed.
 */
export async function replaceFile(
  path: string,
  text: string,
  options: ReplaceOptions = {},
): Promise<void> {
  const aside = `${path}.new`;
  // What an earlier crash left there may have other permissions.
  await Deno.remove(aside).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
  {
    using file = await Deno.open(aside, { write: true, createNew: true, ...options });
    const bytes = new TextEncoder().encode(text);
    for (let written = 0; written < bytes.length;) {
      written += await file.write(bytes.subarray(written));
    }
    await file.sync();
  }
  await Deno.rename(aside, path);
  using folder = await Deno.open(dirname(path));
  await folder.sync();
}
