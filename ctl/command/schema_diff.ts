import type { SchemaDefinition } from "../../shared/rpc/tablet_admin.ts";

type Table = SchemaDefinition["tableDefinitions"][number];

/** Where two schemas differ, in Vitess's words (go/vt/mysqlctl/tmutils/schema.go DiffSchema). */
export function diffSchemas(
  leftName: string,
  left: SchemaDefinition,
  rightName: string,
  right: SchemaDefinition,
): readonly string[] {
  const lefts = new Map(left.tableDefinitions.map((table) => [table.name, table]));
  const rights = new Map(right.tableDefinitions.map((table) => [table.name, table]));
  const names = [...new Set([...lefts.keys(), ...rights.keys()])].sort();
  return names.flatMap((name) => {
    const [one, other] = [lefts.get(name), rights.get(name)];
    if (other === undefined) return [`${leftName} has an extra table named ${name}`];
    if (one === undefined) return [`${rightName} has an extra table named ${name}`];
    return diffTable(leftName, one, rightName, other);
  });
}

function diffTable(
  leftName: string,
  left: Table,
  rightName: string,
  right: Table,
): readonly string[] {
  const difference = (what: string, one: string, other: string): string =>
    `schemas differ on ${what} ${left.name}:\n${leftName}: ${one}\n differs from:\n${rightName}: ${other}`;
  if (left.type !== right.type) return [difference("table type for table", left.type, right.type)];
  const [one, other] = [stable(left.schema), stable(right.schema)];
  return one === other ? [] : [difference("table", one, other)];
}

/** The next AUTO_INCREMENT value is data, not schema: two shards never agree on it. */
function stable(schema: string): string {
  return schema.replace(/ AUTO_INCREMENT=\d+/i, "");
}
