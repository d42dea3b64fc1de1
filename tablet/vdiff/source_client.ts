/** Asks a source tablet over its admin RPC, as vtctld does. */
import { isErrorId, VtError, vtError, vtErrorFrom } from "../../shared/error/errors.ts";
import { MysqlError } from "../../shared/error/mysql_error.ts";
import { JsonReader } from "../../shared/model/json_reader.ts";
import type { TabletRecord } from "../../shared/model/records.ts";
import { printTabletAlias } from "../../shared/model/tablet.ts";
import type { VDiffAdmin } from "../../shared/rpc/vdiff.ts";
import { readDigest, readVDiffOpened, readVDiffRows } from "../../shared/rpc/vdiff_json.ts";
import type { SourceReader } from "./table_diff.ts";

interface Call {
  readonly signal: AbortSignal;
}

export interface OpenedSource extends AsyncDisposable {
  readonly alias: string;
  readonly position: string;
  readonly fields: VDiffAdmin["VDiffOpen"]["response"]["fields"];
  readonly reader: SourceReader;
}

/** A digest reads a whole table at the worst. */
const CALL_MS_MAX = 15 * 60_000;
const CLOSE_MS_MAX = 2000;

/** Takes a snapshot on a tablet. The tablet's errors; VT22005 when it does not answer. */
export async function openSource(
  tablet: TabletRecord,
  request: VDiffAdmin["VDiffOpen"]["request"],
  call: Call,
): Promise<OpenedSource> {
  const { session, position, fields } = readVDiffOpened(
    await post(tablet, "VDiffOpen", request, call),
  );
  return {
    alias: printTabletAlias(tablet.alias),
    position,
    fields,
    reader: {
      digest: async (read, options) =>
        readDigest(await post(tablet, "VDiffDigest", { ...read, session }, options)),
      rows: async (read, options) => {
        const page = readVDiffRows(
          await post(tablet, "VDiffRows", { ...read, session }, options),
        );
        const bytes = (text: string) => Uint8Array.fromBase64(text);
        return {
          rows: page.rows.map((row) => row.map((value) => value === null ? null : bytes(value))),
          next: page.next?.map(bytes),
        };
      },
    },
    async [Symbol.asyncDispose]() {
      try {
        await post(tablet, "VDiffClose", { session }, {
          signal: AbortSignal.timeout(CLOSE_MS_MAX),
        });
      } catch {
        // It gives up what nobody asks for.
      }
    },
  };
}

async function post(
  tablet: TabletRecord,
  method: string,
  request: object,
  { signal }: Call,
): Promise<JsonReader> {
  const alias = printTabletAlias(tablet.alias);
  const host = tablet.hostname.includes(":") ? `[${tablet.hostname}]` : tablet.hostname;
  let response: Response;
  let body: unknown;
  try {
    response = await fetch(`http://${host}:${tablet.portMap.vt}/rpc/${method}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(request),
      signal: AbortSignal.any([signal, AbortSignal.timeout(CALL_MS_MAX)]),
    });
    body = JSON.parse(await response.text());
  } catch (error) {
    signal.throwIfAborted();
    const cause = error instanceof Error ? error.message : String(error);
    throw vtErrorFrom(error, "VT22005", alias, `${method}: ${cause}`);
  }
  const json = new JsonReader(body);
  if (response.ok) return json;
  throw refusal(alias, json);
}

function refusal(alias: string, json: JsonReader): Error {
  const id = json.get("id").text();
  const message = json.get("message").text();
  if (isErrorId(id)) return new VtError(id, message.replace(`${id}: `, ""));
  const errno = json.get("errno").integer();
  if (errno > 0) return new MysqlError(errno, json.get("sqlState").text(), message);
  return vtError("VT22005", alias, message);
}
