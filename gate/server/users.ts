/**
 * Who may log in: users.json in the format of Vitess's static authentication. User to entries,
 * each a password that fits:
 *
 *     { "app": [{ "UserData": "app", "Password": "secret" },
 *               { "MysqlNativePassword": "*6C8989366EAF75BB670AD8EA7A7FC1176A95CEF4" }] }
 *
 * "CachingSha2Password" is SHA256(SHA256(password)), or the salted hash of mysql.user: for that one
 * the client has to send the password itself, which it does over TLS only.
 *
 * Hashes go before passwords in the same entry. One entry without its array is the older form.
 */
import { vtError, vtErrorFrom } from "../../shared/error/errors.ts";
import { latin1Text } from "../../shared/mysql/binary_value.ts";
import { parseStoredSha2 } from "../../shared/mysql/sha256_crypt.ts";
import { type Credential, credentialOfPassword } from "../../shared/mysql/server_auth.ts";

export interface UserEntry extends Credential {
  /** Who the user is to access rules; the user's name when the file says nothing. */
  readonly userData: string;
  readonly groups: readonly string[];
  /** From this machine only. */
  readonly localhostOnly: boolean;
}

export class Users {
  readonly #entries: ReadonlyMap<string, readonly UserEntry[]>;

  constructor(entries: ReadonlyMap<string, readonly UserEntry[]>) {
    this.#entries = entries;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Entries that count for a client; empty for an unknown user. */
  entriesOf(user: string, options: { readonly isLocal: boolean }): readonly UserEntry[] {
    const entries = this.#entries.get(user) ?? [];
    return entries.filter((entry) => options.isLocal || !entry.localhostOnly);
  }
}

/** Loopback addresses, and unix sockets, which have none. */
export function isLocalAddress(hostname: string | undefined): boolean {
  return hostname === undefined || hostname === "::1" || /^(?:::ffff:)?127\./.test(hostname);
}

/** Throws VT22001 naming the user, the entry and the field that is wrong. */
export function parseUsers(text: string, where: string): Users {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw vtErrorFrom(error, "VT22001", `${where} is not JSON: ${cause}`);
  }
  if (!isRecord(document)) {
    throw vtError("VT22001", `${where}: must be an object of user names`);
  }
  const users = new Map<string, readonly UserEntry[]>();
  for (const [user, value] of Object.entries(document)) {
    const list = Array.isArray(value) ? value : [value];
    const entries = list.map((entry: unknown, index) =>
      decodeEntry(entry, user, `${where}: user "${user}", entry ${index + 1}`)
    );
    users.set(user, entries);
  }
  return new Users(users);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Fields in lower case: Go's decoder, and so Vitess, takes their names in any. */
const FIELDS: ReadonlySet<string> = new Set([
  "mysqlnativepassword",
  "cachingsha2password",
  "password",
  "userdata",
  "sourcehost",
  "groups",
]);

function decodeEntry(value: unknown, user: string, where: string): UserEntry {
  if (!isRecord(value)) throw vtError("VT22001", `${where}: must be an object`);
  const fields = new Map<string, unknown>();
  for (const [name, field] of Object.entries(value)) {
    const key = name.toLowerCase();
    if (!FIELDS.has(key)) throw vtError("VT22001", `${where}: unknown field "${name}"`);
    fields.set(key, field);
  }
  const userData = textField(fields, "userdata", where);
  return {
    ...decodeCredential(fields, where),
    userData: userData === "" ? user : userData,
    groups: decodeGroups(fields.get("groups"), where),
    localhostOnly: decodeSourceHost(textField(fields, "sourcehost", where), where),
  };
}

function textField(fields: ReadonlyMap<string, unknown>, name: string, where: string): string {
  const value = fields.get(name) ?? "";
  if (typeof value !== "string") {
    throw vtError("VT22001", `${where}: field "${name}" must be a string`);
  }
  return value;
}

function decodeCredential(fields: ReadonlyMap<string, unknown>, where: string): Credential {
  const native = textField(fields, "mysqlnativepassword", where);
  const sha2 = textField(fields, "cachingsha2password", where);
  const stored = storedSha2(sha2);
  if (native === "" && sha2 === "") {
    return credentialOfPassword(textField(fields, "password", where));
  }
  return {
    empty: false,
    nativeHash: native === "" ? undefined : hashField(
      native,
      /^\*([0-9a-f]{40})$/i,
      `${where}: field "MysqlNativePassword" must be "*" and 40 hexadecimal digits, as PASSWORD() prints them`,
    ),
    cachingSha2Hash: sha2 === "" || stored !== undefined ? undefined : hashField(
      sha2,
      /^\*?([0-9a-f]{64})$/i,
      `${where}: field "CachingSha2Password" must be 64 hexadecimal digits, SHA256(SHA256(password)), or what mysql.user has, as it is or as HEX() prints it after 0x`,
    ),
    verifyPassword: stored?.verify,
  };
}

/** mysql.user's form: $A$005$ and what follows, or all of it in hexadecimal digits after 0x. */
function storedSha2(text: string) {
  const digits = /^0x((?:[0-9a-f]{2})+)$/i.exec(text)?.[1];
  return parseStoredSha2(digits === undefined ? text : latin1Text(Uint8Array.fromHex(digits)));
}

function hashField(text: string, form: RegExp, message: string): Uint8Array {
  const digits = form.exec(text)?.[1];
  if (digits === undefined) throw vtError("VT22001", message);
  return Uint8Array.fromHex(digits);
}

function decodeGroups(value: unknown, where: string): readonly string[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value) || !value.every((group) => typeof group === "string")) {
    throw vtError("VT22001", `${where}: field "Groups" must be an array of strings`);
  }
  return value;
}

function decodeSourceHost(value: string, where: string): boolean {
  if (value !== "" && value !== "localhost") {
    throw vtError(
      "VT22001",
      `${where}: invalid SourceHost found (only localhost is supported): ${value}`,
    );
  }
  return value === "localhost";
}
