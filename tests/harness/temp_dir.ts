export interface TempDir extends AsyncDisposable {
  readonly path: string;
}

/** A folder that goes with its scope. Its path is short: unix sockets allow 107 bytes. */
export async function tempDir(name: string): Promise<TempDir> {
  const path = await Deno.makeTempDir({ prefix: `${name}_` });
  return {
    path,
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}
