/** Rows of _vt.resharding_journal: see ctl/workflow/journal.ts. */
import { vtError } from "../../../shared/error/errors.ts";
import type { TabletRecord } from "../../../shared/model/records.ts";
import { databaseName } from "../../../shared/model/records.ts";
import type { Effect } from "../../workflow/effect.ts";
import { FROZEN } from "../../workflow/facts.ts";
import type { Hands } from "./perform.ts";
import { hasJournal } from "./read_facts.ts";
import { quoteText } from "./quote.ts";

const WRITE_TIMEOUT_MS = 10_000;

/**
 * Writes the row unless it is there. A statement that arrives late, when the switch has been
 * undone, writes nothing: the guard's streams are gone or frozen by then. VT22006 when it isn't there
 * afterwards.
 */
export async function writeJournal(
  hands: Hands,
  primary: TabletRecord,
  { id, value, guard }: Extract<Effect, { readonly do: "write_journal" }>,
): Promise<void> {
  const { context } = hands;
  const dbName = quoteText(databaseName(primary));
  const guarded = guard === ""
    ? ""
    : ` AND EXISTS (SELECT 1 FROM _vt.vreplication WHERE workflow = ${
      quoteText(guard)
    } AND db_name = ${dbName} AND COALESCE(message, '') <> '${FROZEN}')`;
  const sql = "INSERT INTO _vt.resharding_journal (id, db_name, val) " +
    `SELECT ${BigInt(id)}, ${dbName}, ${quoteText(value)} FROM DUAL ` +
    `WHERE NOT EXISTS (SELECT 1 FROM _vt.resharding_journal WHERE id = ${BigInt(id)})${guarded}`;
  await context.tablets.call(primary, "ExecuteFetchAsDba", {
    sql,
    rowsMax: 0,
    disableBinlogs: false,
  }, { signal: hands.signal(), timeoutMs: WRITE_TIMEOUT_MS });
  if (await hasJournal(context, primary, id, hands.signal())) return;
  throw vtError("VT22006", `the journal was not written: no streams of ${guard} are there`);
}
