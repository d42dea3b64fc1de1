import { list, toggle } from "../../shared/flags/flag.ts";
import type { JsonObject } from "../../shared/model/records.ts";
import type { SchemaDefinition } from "../../shared/rpc/tablet_admin.ts";
import { defineCommand, printJson } from "./command.ts";
import { findTablet } from "./lookup.ts";
import { one, parseAlias } from "./positional.ts";

export const GET_SCHEMA = defineCommand({
  name: "GetSchema",
  group: "Schema",
  summary: "Shows the tables of a tablet, or their names or sizes.",
  examples: [
    "GetSchema zone1-100",
    "GetSchema --tables customer,corder zone1-100",
    "GetSchema --table-names-only zone1-100",
  ],
  flags: {
    "tables": list({ help: "only these; /PATTERN/ is a regular expression", fallback: [] }),
    "exclude-tables": list({ help: "without these", fallback: [] }),
    "include-views": toggle({ help: "views too", fallback: false }),
    "table-names-only": toggle({ help: "only the names", fallback: false }),
    "table-sizes-only": toggle({ help: "only the sizes", fallback: false }),
    "table-schema-only": toggle({ help: "without sizes", fallback: false }),
  },
  flagAliases: { n: "table-names-only" },
  positionals: { alias: one("alias", parseAlias) },
  run: async (context, { args: { alias }, flags }) => {
    const tablet = await findTablet(context, alias);
    const schema = await context.tablets.call(tablet, "GetSchema", {
      tables: flags.tables,
      excludeTables: flags.excludeTables,
      includeViews: flags.includeViews,
    }, { signal: context.signal });
    return protoSchema(schema, flags);
  },
  print: (schema, { flags }) =>
    flags.tableNamesOnly
      ? schema.table_definitions.map(({ name }) => name).join("\n")
      : printJson(schema),
});

interface SchemaFlags {
  readonly tableNamesOnly: boolean;
  readonly tableSizesOnly: boolean;
  readonly tableSchemaOnly: boolean;
}

interface ProtoSchema {
  readonly database_schema: string;
  readonly table_definitions: readonly (JsonObject & { readonly name: string })[];
}

/** tabletmanagerdata.SchemaDefinition; 64-bit numbers are texts there. */
function protoSchema(schema: SchemaDefinition, flags: SchemaFlags): ProtoSchema {
  return {
    database_schema: flags.tableNamesOnly || flags.tableSizesOnly ? "" : schema.databaseSchema,
    table_definitions: schema.tableDefinitions.map((table) => {
      const sizes = { data_length: table.dataLength, row_count: table.rowCount };
      if (flags.tableNamesOnly) return { name: table.name };
      if (flags.tableSizesOnly) return { name: table.name, type: table.type, ...sizes };
      return {
        name: table.name,
        schema: table.schema,
        columns: table.columns.map(({ name }) => name),
        primary_key_columns: [...table.primaryKeyColumns],
        type: table.type,
        ...(flags.tableSchemaOnly ? {} : sizes),
      };
    }),
  };
}
