import { choice, duration, integer, list, text, toggle } from "../../shared/flags/flag.ts";
import { vtError } from "../../shared/error/errors.ts";
import type { FilterRule } from "../../shared/rpc/vreplication.ts";
import { parseFilterText } from "../stream/filter_text.ts";
import { runVStream } from "../stream/run_vstream.ts";
import { CURRENT, FROM_COPY, type WishedGtid } from "../stream/vgtid.ts";
import { parseVGtid, vgtidJson } from "../stream/vgtid_json.ts";
import { defineCommand } from "./command.ts";
import { oneOrMore, parseName } from "./positional.ts";

export const VSTREAM = defineCommand({
  name: "VStream",
  group: "Workflows",
  summary: "Prints the changes of the rows of keyspaces, of all their shards, as lines of JSON.",
  details: [
    "Each transaction is BEGIN, ROW ..., COMMIT and then VGTID, the position behind it; rows that end in ROLLBACK never happened or come again. Whoever keeps the last VGTID and gives it to --position gets each change exactly once, also when tablets die and shards are split or merged in between.",
    'With --position "" all rows that are there come first, as inserts, table by table: LASTPK ends a table, COPY_COMPLETED a shard and at last, without a shard, the copy. It can be stopped and gone on with anywhere, as the VGTIDs say how far each table has come.',
    '--filter takes rules with ";" between them, each a table or /pattern/ and behind a colon what comes of it: a key range, exclude, or a select. The first rule that fits a table counts.',
    'Ends with Ctrl-C, or at a limit behind a VGTID. Values are text; bytes that are no text are {"base64": ...}. Programs get the same from POST /api/v1/vstream of vtctld.',
  ],
  examples: [
    "VStream customer",
    'VStream --position "" customer',
    "VStream --tables customer,corder --limit 100 customer",
    'VStream --filter "customer:select email from customer; corder:-80" customer',
    'VStream --position "$(cat last_vgtid.json)" customer',
  ],
  flags: {
    "tables": list({ help: "only these, or /patterns/", fallback: [] }),
    "filter": text({ help: "rules: table:select ...; /pattern/:-80; table", fallback: "" }),
    "position": text({
      help: 'a VGTID to go on from, "" to copy all rows first; now when absent',
      fallback: "",
    }),
    "tablet-type": choice(["replica", "rdonly", "primary"], {
      help: "tablets to read from first",
      fallback: "replica",
    }),
    "cells": list({ help: "cells to read from", fallback: [] }),
    "limit": integer({ help: "rows; 0 for all", fallback: 0 }),
    "heartbeat-interval": duration({ help: "between HEARTBEATs", fallback: 5000 }),
    "minimize-skew": toggle({
      help: "hold back shards that are ahead of others in time",
      fallback: false,
    }),
    "stop-on-reshard": toggle({
      help: "end where shards are split or merged, with the position of the new ones",
      fallback: false,
    }),
  },
  positionals: { keyspaces: oneOrMore("keyspace", parseName) },
  endless: true,
  run: async (context, { args: { keyspaces }, flags, given }) => {
    if (flags.heartbeatInterval < 1) {
      throw vtError("VT22001", "--heartbeat-interval takes 1ms at least");
    }
    const position = given.has("position") ? flags.position : CURRENT;
    const { rows, vgtid } = await runVStream(context, {
      position: wishedPosition(position, keyspaces),
      rules: rulesOf(flags),
      sources: flags.tabletType,
      cells: flags.cells,
      rowsMax: flags.limit,
      stopOnReshard: flags.stopOnReshard,
      heartbeatMs: flags.heartbeatInterval,
      minimizeSkew: flags.minimizeSkew,
    }, context.output);
    return { rows, vgtid: vgtidJson(vgtid) };
  },
  print: () => "",
});

function wishedPosition(text: string, keyspaces: readonly string[]): readonly WishedGtid[] {
  if (text === CURRENT || text.trim() === FROM_COPY) {
    return keyspaces.map((keyspace) => ({ keyspace, shard: "", gtid: text.trim() }));
  }
  const position = usage("--position", () => parseVGtid(text));
  const other = position.find(({ keyspace }) => !keyspaces.includes(keyspace));
  if (other === undefined) return position;
  throw vtError(
    "VT22001",
    `--position is one of keyspace ${other.keyspace}, not of ${keyspaces.join(", ")}`,
  );
}

function rulesOf(
  flags: { readonly tables: readonly string[]; readonly filter: string },
): readonly FilterRule[] {
  if (flags.filter !== "" && flags.tables.length > 0) {
    throw vtError("VT22001", "--filter says which tables, too: leave --tables out");
  }
  const rules = flags.filter === ""
    ? flags.tables.map((match) => ({ match, filter: "" }))
    : usage("--filter", () => parseFilterText(flags.filter));
  return rules.length > 0 ? rules : [{ match: "/.*/", filter: "" }];
}

/** VT22001 in place of a SyntaxError. */
function usage<T>(flag: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw vtError("VT22001", `${flag}: ${error.message}`);
  }
}
