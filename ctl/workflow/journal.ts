/**
 * The journal of a switch of writes: a row of _vt.resharding_journal on each source's primary.
 * Once one is written the switch is completed, whatever happens; before, it is undone. Change
 * streams that follow the source read where to go on in it.
 */
import type { Place } from "./effect.ts";
import type { NewStream } from "../../shared/rpc/vreplication.ts";
import type { PlacedStream } from "./facts.ts";
import { readNotes, withNote } from "./stream_notes.ts";

export interface Journal {
  readonly id: string;
  readonly migrationType: "TABLES" | "SHARDS";
  readonly tables: readonly string[];
  /** Of the source that the row is written on, after its last write. */
  readonly localPosition: string;
  readonly shardGtids: readonly { readonly place: Place; readonly gtid: string }[];
  readonly participants: readonly Place[];
  readonly sourceWorkflows: readonly string[];
}

/**
 * The same for as long as the workflow's streams are: made of their ids (go/vt/vtctl/workflow
 * HashStreams: FNV-1a of the sorted texts, without the sign) and of what `stampStream` wrote into
 * them. Ids alone begin anew with each new database, and would be those of a switch long ago, whose
 * journal still lies on a source: writes would go on there while the target took over.
 */
export function migrationId(targetKeyspace: string, streams: readonly PlacedStream[]): string {
  const texts = streams.map(({ shard, stream }) => {
    const stamp = readStamp(stream.options);
    return `:${targetKeyspace}:${shard}:${stream.id}${stamp === "" ? "" : `:${stamp}`}`;
  }).sort();
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(texts.join(""))) {
    hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & 0xffff_ffff_ffff_ffffn;
  }
  return String(hash & 0x7fff_ffff_ffff_ffffn);
}

const STAMP = "migration_stamp";

/** The stream with a mark that no other has ever had. */
export function stampStream(stream: NewStream, stamp: string): NewStream {
  return { ...stream, options: withNote(stream.options, STAMP, stamp) };
}

/** "" for a stream without one. */
function readStamp(options: string): string {
  const stamp = readNotes(options)[STAMP];
  return typeof stamp === "string" ? stamp : "";
}

/** JSON with the field names of Vitess's message (proto/binlogdata.proto Journal). */
export function printJournal(journal: Journal): string {
  const placeJson = ({ keyspace, shard }: Place) => ({ keyspace, shard });
  return JSON.stringify({
    id: journal.id,
    migration_type: journal.migrationType,
    tables: journal.tables,
    local_position: journal.localPosition,
    shard_gtids: journal.shardGtids.map(({ place, gtid }) => ({ ...placeJson(place), gtid })),
    participants: journal.participants.map(placeJson),
    source_workflows: journal.sourceWorkflows,
  });
}

/** The server's own text with its flavor in front, as streams have it. */
export function withFlavor(gtid: string): string {
  if (gtid === "" || /^(MariaDB|MySQL56)\//.test(gtid)) return gtid;
  // A MySQL source is followed by a colon, which no MariaDB GTID has.
  return gtid.includes(":") ? `MySQL56/${gtid}` : `MariaDB/${gtid}`;
}
