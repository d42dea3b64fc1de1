import type { TargetColumn } from "../../tablet/vreplication/target_table.ts";

/** A column of whose type nothing is known. */
export function targetColumn(name: string, generated = false): TargetColumn {
  return { name, columnType: "", collation: "", generated };
}
