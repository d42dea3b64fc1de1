/** What vtctld writes down in a stream's options (column `options`), beside its settings. */

export function readNotes(options: string): Readonly<Record<string, unknown>> {
  if (options === "") return {};
  const value: unknown = JSON.parse(options);
  // An object is all that this program writes there.
  return typeof value === "object" && value !== null ? { ...value } : {};
}

export function withNote(options: string, name: string, note: unknown): string {
  return JSON.stringify({ ...readNotes(options), [name]: note });
}
