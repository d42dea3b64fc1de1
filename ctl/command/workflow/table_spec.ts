import { vtError } from "../../../shared/error/errors.ts";

/**
 * Tables as the old MoveTables took them: `{"customer":{}, "corder":{}}`, or "customer,corder".
 * VT22001 for a VSchema inside, which ApplyVSchema takes.
 */
export function readTableSpec(spec: string): readonly string[] {
  if (!spec.trim().startsWith("{")) {
    return spec.split(",").map((name) => name.trim()).filter((name) => name !== "");
  }
  let tables: unknown;
  try {
    tables = JSON.parse(spec);
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw vtError("VT22001", `tables: ${cause}; want {"table": {}, ...} or table,table`);
  }
  if (typeof tables !== "object" || tables === null) throw vtError("VT22001", "no tables");
  for (const [name, entry] of Object.entries(tables)) {
    const isEmpty = typeof entry === "object" && entry !== null && Object.keys(entry).length === 0;
    if (isEmpty) continue;
    throw vtError(
      "VT22001",
      `table ${name}: want {}; what its VSchema says goes to the target with ApplyVSchema first`,
    );
  }
  return Object.keys(tables);
}
