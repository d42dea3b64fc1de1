/** Requests of the admin RPC, checked where they come in. VT20013 names the field that is wrong. */
import { vtError } from "../../shared/error/errors.ts";
import { TABLET_TYPES, type TabletAlias, type TabletType } from "../../shared/model/tablet.ts";
import { JsonReader } from "../../shared/model/json_reader.ts";
import type { TabletAdmin, TabletAdminMethod } from "../../shared/rpc/tablet_admin.ts";
import { readSourceRead, readVDiffCreate, readVDiffOpen } from "../../shared/rpc/vdiff_json.ts";
import { readNewStream, readStreamUpdate } from "../../shared/rpc/vreplication_json.ts";

class Fields {
  readonly #fields: Readonly<Record<string, unknown>>;

  constructor(value: unknown, name: string) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw vtError("VT20013", `${name} must be an object`);
    }
    this.#fields = { ...value };
  }

  text(name: string): string {
    const value = this.#fields[name];
    return typeof value === "string" ? value : fail(name, "a text", value);
  }

  integer(name: string, max: number): number {
    const value = this.#fields[name];
    const valid = typeof value === "number" && Number.isInteger(value) && value >= 0 &&
      value <= max;
    return valid ? value : fail(name, `a whole number from 0 to ${max}`, value);
  }

  toggle(name: string): boolean {
    const value = this.#fields[name];
    return typeof value === "boolean" ? value : fail(name, "true or false", value);
  }

  texts(name: string): readonly string[] {
    const value = this.#fields[name];
    const valid = Array.isArray(value) && value.every((item) => typeof item === "string");
    return valid ? value : fail(name, "a list of texts", value);
  }

  alias(name: string): TabletAlias {
    const alias = new Fields(this.#fields[name], `"${name}"`);
    return { cell: alias.text("cell"), uid: alias.integer("uid", 0xffff_ffff) };
  }

  /** The whole request, read as a record is: what is absent has its default. */
  record<T>(read: (json: JsonReader) => T): T {
    try {
      return read(new JsonReader(this.#fields));
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      throw vtError("VT20013", error.message);
    }
  }

  tabletType(name: string): TabletType {
    const value = this.text(name);
    return TABLET_TYPES.find((type) => type === value) ??
      fail(name, `one of ${TABLET_TYPES.join(", ")}`, value);
  }
}

function fail(name: string, want: string, got: unknown): never {
  throw vtError("VT20013", `"${name}" must be ${want}: got ${JSON.stringify(got)}`);
}

/** Ten minutes: nobody waits longer for a replica. */
const TIMEOUT_MS_MAX = 600_000;
const PORT_MAX = 65_535;
/** Of a column of type int. */
const STREAM_ID_MAX = 0x7fff_ffff;
const ROWS_MAX = 1_000_000_000;

type Decoders = {
  readonly [Method in TabletAdminMethod]: (fields: Fields) => TabletAdmin[Method]["request"];
};

const nothing = (): Record<never, never> => ({});
const semiSync = (fields: Fields) => ({ semiSync: fields.toggle("semiSync") });
const vdiffName = (fields: Fields) => ({
  workflow: fields.text("workflow"),
  uuid: fields.text("uuid"),
});

const schemaChange = (fields: Fields) => ({
  statements: fields.texts("statements"),
  copied: fields.toggle("copied"),
});

const DECODERS: Decoders = {
  Ping: nothing,
  RefreshState: nothing,
  ReplicationStatus: nothing,
  PrimaryPosition: nothing,
  WaitForPosition: (fields) => ({
    position: fields.text("position"),
    timeoutMs: fields.integer("timeoutMs", TIMEOUT_MS_MAX),
  }),
  InitPrimary: semiSync,
  TabletExternallyReparented: nothing,
  DemotePrimary: nothing,
  UndoDemotePrimary: semiSync,
  PromoteReplica: (fields) => ({
    position: fields.text("position"),
    semiSync: fields.toggle("semiSync"),
    timeoutMs: fields.integer("timeoutMs", TIMEOUT_MS_MAX),
  }),
  SetReplicationSource: (fields) => ({
    parent: fields.alias("parent"),
    host: fields.text("host"),
    port: fields.integer("port", PORT_MAX),
    semiSync: fields.toggle("semiSync"),
    start: fields.toggle("start"),
  }),
  StopReplication: nothing,
  StartReplication: nothing,
  ChangeType: (fields) => ({ type: fields.tabletType("type") }),
  SetReadOnly: (fields) => ({ readOnly: fields.toggle("readOnly") }),
  ExecuteFetchAsDba: (fields) => ({
    sql: fields.text("sql"),
    rowsMax: fields.integer("rowsMax", ROWS_MAX),
    disableBinlogs: fields.toggle("disableBinlogs"),
  }),
  PreflightSchema: schemaChange,
  ApplySchema: schemaChange,
  GetSchema: (fields) => ({
    tables: fields.texts("tables"),
    excludeTables: fields.texts("excludeTables"),
    includeViews: fields.toggle("includeViews"),
  }),
  ReloadSchema: nothing,
  VReplicationExec: (fields) => ({ sql: fields.text("sql") }),
  CreateStream: (fields) => fields.record(readNewStream),
  ReadStreams: (fields) => ({ workflow: fields.text("workflow") }),
  UpdateStream: (fields) => fields.record(readStreamUpdate),
  DeleteStreams: (fields) => ({ workflow: fields.text("workflow") }),
  WaitForStream: (fields) => ({
    id: fields.integer("id", STREAM_ID_MAX),
    position: fields.text("position"),
    timeoutMs: fields.integer("timeoutMs", TIMEOUT_MS_MAX),
  }),
  DrainTables: (fields) => ({
    tables: fields.texts("tables"),
    graceMs: fields.integer("graceMs", TIMEOUT_MS_MAX),
    timeoutMs: fields.integer("timeoutMs", TIMEOUT_MS_MAX),
  }),
  Fence: (fields) => ({ token: fields.integer("token", Number.MAX_SAFE_INTEGER) }),
  WriteJournal: (fields) =>
    fields.record((json) => ({
      id: json.get("id").parsed((text) => String(BigInt(text))),
      value: json.get("value").text(),
      workflow: json.get("workflow").text(),
      streams: json.get("streams").list(readNewStream),
    })),
  ResetSequences: (fields) => ({ tables: fields.texts("tables") }),
  VDiffCreate: (fields) => fields.record(readVDiffCreate),
  VDiffShow: vdiffName,
  VDiffStop: vdiffName,
  VDiffResume: vdiffName,
  VDiffDelete: vdiffName,
  VDiffOpen: (fields) => fields.record(readVDiffOpen),
  VDiffDigest: (fields) => fields.record(readSourceRead),
  VDiffRows: (fields) => fields.record(readSourceRead),
  VDiffClose: (fields) => ({ session: fields.text("session") }),
};

export function isTabletAdminMethod(name: string): name is TabletAdminMethod {
  return Object.hasOwn(DECODERS, name);
}

export function decodeRequest<Method extends TabletAdminMethod>(
  method: Method,
  body: unknown,
): TabletAdmin[Method]["request"] {
  return DECODERS[method](new Fields(body, "the request"));
}
