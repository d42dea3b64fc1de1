/** What tablets answer, checked where it comes in (shared/rpc/tablet_admin.ts has the shapes). */
import { vtError } from "../../shared/error/errors.ts";
import { JsonReader } from "../../shared/model/json_reader.ts";
import {
  readDigest,
  readVDiffOpened,
  readVDiffRows,
  readVDiffStatus,
} from "../../shared/rpc/vdiff_json.ts";
import { readStreamState, readStreamStatus } from "../../shared/rpc/vreplication_json.ts";
import type {
  QueryRows,
  ReplicationStatus,
  SchemaDefinition,
  TabletAdmin,
  TabletAdminMethod,
} from "../../shared/rpc/tablet_admin.ts";
import { readColumn } from "../../shared/rpc/documents.ts";

type Decoders = {
  readonly [Method in TabletAdminMethod]: (body: Body) => TabletAdmin[Method]["response"];
};

/**
 * A JSON object whose fields are read by type; VT20013 names the one that is wrong. Unlike records,
 * whose absent fields have defaults, an answer must be whole: waiting for a position that isn't
 * there would be waiting for nothing.
 */
class Body {
  readonly #fields: Readonly<Record<string, unknown>>;

  constructor(value: unknown, name: string) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw vtError("VT20013", `${name} is no object`);
    }
    this.#fields = Object.fromEntries(Object.entries(value));
  }

  text(name: string): string {
    const value = this.#fields[name];
    if (typeof value !== "string") throw vtError("VT20013", `"${name}" is no text`);
    return value;
  }

  textOr<T>(name: string, otherwise: T): string | T {
    return this.#fields[name] === undefined || this.#fields[name] === null
      ? otherwise
      : this.text(name);
  }

  number(name: string): number {
    const value = this.#fields[name];
    if (typeof value !== "number") throw vtError("VT20013", `"${name}" is no number`);
    return value;
  }

  numberOr<T>(name: string, otherwise: T): number | T {
    return this.#fields[name] === undefined || this.#fields[name] === null
      ? otherwise
      : this.number(name);
  }

  boolean(name: string): boolean {
    const value = this.#fields[name];
    if (typeof value !== "boolean") throw vtError("VT20013", `"${name}" is neither true nor false`);
    return value;
  }

  list(name: string): readonly unknown[] {
    const value = this.#fields[name];
    if (!Array.isArray(value)) throw vtError("VT20013", `"${name}" is no list`);
    return value;
  }

  texts(name: string): readonly string[] {
    return this.list(name).map((item) => {
      if (typeof item !== "string") throw vtError("VT20013", `"${name}" has something but texts`);
      return item;
    });
  }

  /** The whole answer, read as a record is. */
  record<T>(read: (json: JsonReader) => T): T {
    try {
      return read(new JsonReader(this.#fields));
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      throw vtError("VT20013", error.message);
    }
  }

  object(name: string): Body {
    return new Body(this.#fields[name], `"${name}"`);
  }
}

function position(body: Body): { readonly position: string } {
  return { position: body.text("position") };
}

function nothing(): Record<never, never> {
  return {};
}

function replicationStatus(body: Body): ReplicationStatus {
  return {
    position: body.text("position"),
    ioRunning: body.boolean("ioRunning"),
    sqlRunning: body.boolean("sqlRunning"),
    lagSeconds: body.numberOr("lagSeconds", undefined),
    sourceHost: body.text("sourceHost"),
    sourcePort: body.number("sourcePort"),
    lastError: body.text("lastError"),
  };
}

function queryRows(body: Body): QueryRows {
  const rows = body.list("rows").map((row) => {
    if (!Array.isArray(row)) throw vtError("VT20013", "a row is no list");
    return row.map((value: unknown) => {
      if (value !== null && typeof value !== "string") {
        throw vtError("VT20013", "a value is neither a text nor null");
      }
      return value;
    });
  });
  return {
    columns: body.texts("columns"),
    rows,
    affectedRows: body.number("affectedRows"),
    lastInsertId: body.text("lastInsertId"),
  };
}

function schemaDefinition(body: Body): SchemaDefinition {
  return {
    databaseSchema: body.text("databaseSchema"),
    tableDefinitions: body.list("tableDefinitions").map((item) => {
      const table = new Body(item, "a table definition");
      return {
        name: table.text("name"),
        schema: table.text("schema"),
        columns: table.list("columns").map(readColumn),
        primaryKeyColumns: table.texts("primaryKeyColumns"),
        uniqueKeys: table.list("uniqueKeys").map((parts) =>
          new Body({ parts }, "a key").texts("parts")
        ),
        type: table.text("type") === "VIEW" ? "VIEW" : "BASE TABLE",
        dataLength: table.text("dataLength"),
        rowCount: table.text("rowCount"),
      };
    }),
  };
}

const DECODERS: Decoders = {
  Ping: (body) => {
    const alias = body.object("alias");
    return { alias: { cell: alias.text("cell"), uid: alias.number("uid") } };
  },
  RefreshState: nothing,
  ReplicationStatus: replicationStatus,
  PrimaryPosition: position,
  WaitForPosition: position,
  InitPrimary: position,
  TabletExternallyReparented: position,
  DemotePrimary: position,
  UndoDemotePrimary: nothing,
  PromoteReplica: position,
  SetReplicationSource: nothing,
  StopReplication: position,
  StartReplication: nothing,
  ChangeType: nothing,
  SetReadOnly: nothing,
  ExecuteFetchAsDba: queryRows,
  PreflightSchema: (body) => ({
    results: body.list("results").map((item) => ({
      error: new Body(item, "a result").textOr("error", undefined),
    })),
  }),
  ApplySchema: nothing,
  GetSchema: schemaDefinition,
  ReloadSchema: nothing,
  VReplicationExec: queryRows,
  CreateStream: (body) => ({ id: body.number("id") }),
  ReadStreams: (body) => ({
    streams: body.list("streams").map((item) => readStreamStatus(new JsonReader(item))),
  }),
  UpdateStream: (body) => ({
    state: readStreamState(body.text("state")),
    position: body.text("position"),
  }),
  DeleteStreams: (body) => ({ deleted: body.number("deleted") }),
  WaitForStream: position,
  DrainTables: position,
  Fence: nothing,
  WriteJournal: nothing,
  ResetSequences: nothing,
  VDiffCreate: nothing,
  VDiffShow: (body) => ({
    vdiffs: body.list("vdiffs").map((item) => readVDiffStatus(new JsonReader(item))),
  }),
  VDiffStop: nothing,
  VDiffResume: nothing,
  VDiffDelete: (body) => ({ deleted: body.number("deleted") }),
  VDiffOpen: (body) => body.record(readVDiffOpened),
  VDiffDigest: (body) => body.record(readDigest),
  VDiffRows: (body) => body.record(readVDiffRows),
  VDiffClose: nothing,
};

/** Checks a tablet's answer. VT20013 when it has another shape than it should. */
export function decodeTabletResponse<Method extends TabletAdminMethod>(
  method: Method,
  body: unknown,
): TabletAdmin[Method]["response"] {
  const decode: (body: Body) => TabletAdmin[Method]["response"] = DECODERS[method];
  return decode(new Body(body, `the answer to ${method}`));
}
