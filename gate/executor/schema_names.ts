/**
 * Column definitions name mysqld's database, as vt_KEYSPACE; the client is told the keyspace. The
 * definitions of a plan are the same each time, so the head of a result that passes through is
 * compared with the last one (0.2 us) rather than taken apart.
 */
import { Buffer } from "node:buffer";
import { ByteReader } from "../../shared/mysql/byte_reader.ts";
import { encodeFrames, packetEnd, packetPayload } from "../../shared/mysql/frame.ts";
import { joinPackets } from "../engine/rows.ts";

/** The last head of a plan, as the shard sent it and as the client gets it. */
export interface KnownHead {
  sent: Uint8Array;
  renamed: Uint8Array;
}

/** lenenc "def", which all definitions start with. */
const CATALOG_BYTES = 4;
/** Above this, a length takes more than one byte. */
const SHORT_MAX = 0xfa;

/** The keyspace whose database mysqld calls so. */
export type KeyspaceOf = (database: string) => string | undefined;

/** The payload of a column definition with its keyspace's name, or the same one. */
export function renameSchema(definition: Uint8Array, keyspaceOf: KeyspaceOf): Uint8Array {
  const length = definition[CATALOG_BYTES] ?? 0;
  if (length === 0 || length > SHORT_MAX) return definition;
  const start = CATALOG_BYTES + 1;
  const end = start + length;
  const keyspace = keyspaceOf(Buffer.from(definition.subarray(start, end)).toString());
  if (keyspace === undefined) return definition;
  const name = Buffer.from(keyspace);
  return Buffer.concat([
    definition.subarray(0, CATALOG_BYTES),
    Uint8Array.of(name.length),
    name,
    definition.subarray(end),
  ]);
}

/**
 * The head (column count and definitions) of the packets that start a shard's answer, renamed, and
 * where it ends. Undefined when the packets don't hold all of it.
 */
export function renameHead(
  packets: Uint8Array,
  keyspaceOf: KeyspaceOf,
  known: KnownHead,
): { readonly head: Uint8Array; readonly end: number } | undefined {
  const { sent } = known;
  if (sent.length > 0 && startsWith(packets, sent)) {
    return { head: known.renamed, end: sent.length };
  }
  const renamed: Uint8Array[] = [];
  let end = packetEnd(packets, 0, packets.length);
  if (end < 0) return undefined;
  renamed.push(packets.subarray(0, end));
  let columns = new ByteReader(packetPayload(packets, 0, end)).lenencInt();
  for (; columns > 0; columns--) {
    const next = packetEnd(packets, end, packets.length);
    if (next < 0) return undefined;
    const definition = renameSchema(packetPayload(packets, end, next), keyspaceOf);
    renamed.push(encodeFrames(definition, packets[end + 3] ?? 0));
    end = next;
  }
  known.sent = packets.slice(0, end);
  known.renamed = joinPackets(renamed).slice();
  return { head: known.renamed, end };
}

function startsWith(packets: Uint8Array, head: Uint8Array): boolean {
  if (packets.length < head.length) return false;
  return Buffer.compare(packets.subarray(0, head.length), head) === 0;
}
