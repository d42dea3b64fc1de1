/** A client's command (manual, "Command Phase"), decoded up to what needs a statement's context. */
import { vtError } from "../error/errors.ts";
import { ByteReader } from "./byte_reader.ts";
import { CLIENT_CONNECT_ATTRS, CLIENT_PLUGIN_AUTH } from "./capabilities.ts";
import * as com from "./commands.ts";
import { readAttributes } from "./handshake_response.ts";

export interface ChangeUser {
  readonly user: string;
  readonly authResponse: Uint8Array;
  readonly database: string;
  /** 0 when none was sent. */
  readonly collation: number;
  /** "" when none was sent. */
  readonly authPlugin: string;
  readonly attributes: ReadonlyMap<string, string>;
}

/** Byte fields are views into the packet. */
export type CommandPacket =
  | { readonly com: "query"; readonly sql: Uint8Array }
  | { readonly com: "init_db"; readonly database: string }
  | { readonly com: "field_list"; readonly table: string; readonly wildcard: string }
  | { readonly com: "stmt_prepare"; readonly sql: Uint8Array }
  | { readonly com: "stmt_execute"; readonly statementId: number; readonly payload: Uint8Array }
  | {
    readonly com: "stmt_send_long_data";
    readonly statementId: number;
    readonly parameter: number;
    readonly data: Uint8Array;
  }
  | { readonly com: "stmt_reset"; readonly statementId: number }
  | { readonly com: "stmt_close"; readonly statementId: number }
  | { readonly com: "stmt_fetch"; readonly statementId: number; readonly rows: number }
  | { readonly com: "reset_connection" }
  | { readonly com: "set_option"; readonly multiStatements: boolean }
  | { readonly com: "process_kill"; readonly connectionId: number }
  | { readonly com: "ping" }
  | { readonly com: "quit" }
  | { readonly com: "statistics" }
  | { readonly com: "debug" }
  | ({ readonly com: "change_user" } & ChangeUser);

/** The option of COM_SET_OPTION that switches multi-statements off; 0 switches them on. */
const MYSQL_OPTION_MULTI_STATEMENTS_OFF = 1;

/**
 * Throws ER_MALFORMED_PACKET, ER_UNKNOWN_COM_ERROR. `capabilities` are those both sides set.
 */
export function decodeCommand(payload: Uint8Array, capabilities: number): CommandPacket {
  const reader = new ByteReader(payload);
  switch (reader.u8()) {
    case com.COM_QUERY:
      return { com: "query", sql: reader.rest() };
    case com.COM_STMT_EXECUTE:
      return { com: "stmt_execute", statementId: reader.u32(), payload: reader.rest() };
    case com.COM_STMT_PREPARE:
      return { com: "stmt_prepare", sql: reader.rest() };
    case com.COM_STMT_CLOSE:
      return { com: "stmt_close", statementId: reader.u32() };
    case com.COM_STMT_RESET:
      return { com: "stmt_reset", statementId: reader.u32() };
    case com.COM_STMT_SEND_LONG_DATA: {
      const statementId = reader.u32();
      const parameter = reader.u16();
      return { com: "stmt_send_long_data", statementId, parameter, data: reader.rest() };
    }
    case com.COM_STMT_FETCH:
      return { com: "stmt_fetch", statementId: reader.u32(), rows: reader.u32() };
    case com.COM_FIELD_LIST: {
      const table = reader.nulText();
      return { com: "field_list", table, wildcard: reader.nulTextOrRest() };
    }
    case com.COM_SET_OPTION: {
      const option = reader.u16();
      if (option > MYSQL_OPTION_MULTI_STATEMENTS_OFF) throw vtError("ER_UNKNOWN_COM_ERROR");
      return { com: "set_option", multiStatements: option === 0 };
    }
    default:
      return decodeConnectionCommand(payload, capabilities);
  }
}

/** Commands about the connection rather than a statement. */
function decodeConnectionCommand(payload: Uint8Array, capabilities: number): CommandPacket {
  const reader = new ByteReader(payload);
  switch (reader.u8()) {
    case com.COM_QUIT:
      return { com: "quit" };
    case com.COM_INIT_DB:
      return { com: "init_db", database: reader.restText() };
    case com.COM_STATISTICS:
      return { com: "statistics" };
    case com.COM_PROCESS_KILL:
      return { com: "process_kill", connectionId: reader.u32() };
    case com.COM_DEBUG:
      return { com: "debug" };
    case com.COM_PING:
      return { com: "ping" };
    case com.COM_CHANGE_USER:
      return { com: "change_user", ...readChangeUser(reader, capabilities) };
    case com.COM_RESET_CONNECTION:
      return { com: "reset_connection" };
    default:
      throw vtError("ER_UNKNOWN_COM_ERROR");
  }
}

function readChangeUser(reader: ByteReader, capabilities: number): ChangeUser {
  const user = reader.nulText();
  const authResponse = reader.bytes(reader.u8());
  const database = reader.nulTextOrRest();
  const collation = reader.remaining >= 2 ? reader.u16() : 0;
  const authPlugin = capabilities & CLIENT_PLUGIN_AUTH ? reader.nulTextOrRest() : "";
  const attributes = capabilities & CLIENT_CONNECT_ATTRS && reader.remaining > 0
    ? readAttributes(reader)
    : new Map<string, string>();
  return { user, authResponse, database, collation, authPlugin, attributes };
}
