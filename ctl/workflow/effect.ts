/**
 * What a workflow asks the shell to do. Each may be done again: whoever runs a command a second
 * time finds some of it done.
 */
import { unreachable } from "../../shared/error/unreachable.ts";
import type { EndedRecord, JsonObject, SwitchRecord } from "../../shared/model/records.ts";
import type { NewStream } from "../../shared/rpc/vreplication.ts";
import type { ServedType } from "./facts.ts";
import type { Sequence } from "./sequences.ts";
import { changeRules, type MovedTables, type ServedBy } from "./routing.ts";
import type { ServingChange } from "./serving.ts";

/** A shard, whose primary is meant where a tablet is asked. */
export interface Place {
  readonly keyspace: string;
  readonly shard: string;
}

export type Effect =
  // Records of the topology.
  /** The shard's record refuses these tables on its primary; `tables` are all that remain. */
  | {
    readonly do: "deny";
    readonly at: Place;
    readonly tables: readonly string[];
    readonly denied: boolean;
  }
  /** Of these tables; those of others stay. Nobody serving: no rules. */
  | {
    readonly do: "save_rules";
    readonly moved: MovedTables;
    readonly served: ServedBy | undefined;
  }
  | { readonly do: "save_vschema"; readonly keyspace: string; readonly vschema: JsonObject }
  /** SrvVSchema of every cell: what gates watch. */
  | { readonly do: "rebuild_vschema" }
  /** SrvKeyspace of every cell, or of these. */
  | {
    readonly do: "serve";
    readonly keyspace: string;
    readonly change: ServingChange;
    readonly cells: readonly string[];
  }
  | {
    readonly do: "queries";
    readonly keyspace: string;
    readonly type: ServedType;
    readonly shards: readonly string[];
    readonly disabled: boolean;
  }
  | { readonly do: "primary_serving"; readonly at: Place; readonly serving: boolean }
  | { readonly do: "delete_shard"; readonly at: Place }
  /** Notes that a switch is under way, so that it is brought to an end if this run isn't. */
  | { readonly do: "note_switch"; readonly note: SwitchNote }
  | { readonly do: "forget_switch"; readonly note: Pick<SwitchNote, "keyspace" | "workflow"> }
  /** Notes how a workflow ends whose streams go next; undefined: one of that name begins. */
  | {
    readonly do: "note_end";
    readonly keyspace: string;
    readonly workflow: string;
    readonly action: EndedRecord["action"] | undefined;
  }
  /**
   * Writes the records of a switch again as they are: what somebody who held the locks before has
   * read and would write now, late, is of an old version then.
   */
  | { readonly do: "claim_records"; readonly keyspace: string; readonly places: readonly Place[] }
  // Tablets.
  /** The primary refuses what was sent before this by whoever held the locks, this run included. */
  | { readonly do: "fence"; readonly at: Place }
  /** Has the primary, or all tablets of a type, act on what the topology says now. */
  | { readonly do: "refresh"; readonly at: Place; readonly type: ServedType }
  /** Waits for transactions that wrote to the tables; gives the position. */
  | { readonly do: "drain"; readonly at: Place; readonly tables: readonly string[] }
  /** Gives the primary's position. */
  | { readonly do: "position"; readonly at: Place }
  | {
    readonly do: "create_tables";
    readonly at: Place;
    readonly from: Place;
    readonly tables: readonly NewTable[];
  }
  | {
    readonly do: "drop_tables";
    readonly at: Place;
    readonly tables: readonly string[];
    /** They get another name instead (`oldName` of finish.ts). */
    readonly rename: boolean;
  }
  /** Of a shard that serves nothing: what a reshard made there. */
  | { readonly do: "drop_views"; readonly at: Place }
  | {
    readonly do: "init_sequences";
    readonly sequences: readonly Sequence[];
    readonly shards: readonly Place[];
  }
  // Streams.
  | { readonly do: "create_stream"; readonly at: Place; readonly stream: NewStream }
  | {
    readonly do: "wait_stream";
    readonly at: Place;
    readonly id: number;
    readonly position: string;
    readonly timeoutMs: number;
  }
  | {
    readonly do: "stop_stream";
    readonly at: Place;
    readonly id: number;
    readonly message: string;
  }
  | { readonly do: "start_stream"; readonly at: Place; readonly id: number }
  /** All streams of a workflow that were created stopped. */
  | { readonly do: "start_streams"; readonly at: Place; readonly workflow: string }
  | { readonly do: "freeze_stream"; readonly at: Place; readonly id: number }
  | { readonly do: "delete_streams"; readonly at: Place; readonly workflow: string }
  // Journals.
  /** Gives "written" or "": from then on that is final, one that is on its way comes too late. */
  | { readonly do: "settle_journal"; readonly at: Place; readonly id: string }
  /** The journal, and in one with it the streams in place of all that `workflow` has there. */
  | {
    readonly do: "write_journal";
    readonly at: Place;
    readonly id: string;
    readonly value: string;
    /** "" for none. */
    readonly workflow: string;
    readonly streams: readonly NewStream[];
  }
  | { readonly do: "say"; readonly line: string };

export type SwitchNote = Omit<SwitchRecord, "startedAt">;

export interface NewTable {
  readonly name: string;
  readonly sql: string;
}

export type Event =
  | { readonly on: "done"; readonly effect: Effect; readonly value?: string }
  | { readonly on: "failed"; readonly effect: Effect; readonly error: string };

function at({ keyspace, shard }: Place): string {
  return `${keyspace}/${shard}`;
}

/** The effect's text: how results are known by, and how transcripts and errors print it. */
export function printEffect(effect: Effect): string {
  switch (effect.do) {
    case "say":
      return `say ${effect.line}`;
    case "save_rules":
      return `save_rules ${
        changeRules({ rules: [] }, effect.moved, effect.served).rules.map((
          { fromTable, toTables },
        ) => `${fromTable}=>${toTables.join("+")}`)
          .join(" ") || "(none)"
      }`;
    case "save_vschema":
      return `save_vschema ${effect.keyspace} ${JSON.stringify(effect.vschema)}`;
    case "rebuild_vschema":
      return effect.do;
    case "serve": {
      const { type, from, to } = effect.change;
      const cells = effect.cells.length === 0 ? "" : ` in ${effect.cells.join(",")}`;
      return `serve ${effect.keyspace} ${type} by ${to.join(",")} not ${from.join(",")}${cells}`;
    }
    case "note_switch":
    case "forget_switch":
      return `${effect.do} ${effect.note.keyspace}.${effect.note.workflow}`;
    case "note_end":
      return `${effect.do} ${effect.keyspace}.${effect.workflow} ${effect.action ?? "none"}`;
    case "claim_records":
      return `${effect.do} ${effect.keyspace} ${effect.places.map(at).join(" ")}`;
    case "queries":
      return `queries ${effect.keyspace}/${effect.shards.join(",")} ${effect.type} ${
        effect.disabled ? "off" : "on"
      }`;
    case "init_sequences":
      return `${effect.do} ${effect.sequences.map(printSequence).join(", ")} on ${
        effect.shards.map(at).join(" ")
      }`;
    default:
      return `${effect.do} ${at(effect.at)}${printRest(effect)}`;
  }
}

function printSequence({ keyspace, sequence, table, column }: Sequence): string {
  return `${keyspace}.${sequence} past ${table}.${column}`;
}

/** For errors: without what only a machine reads. */
export function nameEffect(effect: Effect): string {
  switch (effect.do) {
    case "save_rules":
      return effect.do;
    case "save_vschema":
      return `${effect.do} ${effect.keyspace}`;
    case "create_stream":
    case "write_journal":
      return `${effect.do} ${at(effect.at)}`;
    default:
      return printEffect(effect);
  }
}

function printRest(effect: Extract<Effect, { readonly at: Place }>): string {
  switch (effect.do) {
    case "deny":
      return ` ${effect.tables.join(",")} ${effect.denied ? "on" : "off"}`;
    case "drain":
      return effect.tables.length === 0 ? "" : ` ${effect.tables.join(",")}`;
    case "create_tables":
      return ` as ${at(effect.from)} ${effect.tables.map(({ name }) => name).join(",")}`;
    case "drop_tables":
      return ` ${effect.tables.join(",")}${effect.rename ? " by another name" : ""}`;
    case "primary_serving":
      return ` ${effect.serving}`;
    case "refresh":
      return ` ${effect.type}`;
    case "create_stream":
      return printNewStream(effect.stream);
    case "wait_stream":
      return ` ${effect.id} ${effect.position}`;
    case "stop_stream":
    case "start_stream":
    case "freeze_stream":
      return ` ${effect.id}`;
    case "start_streams":
    case "delete_streams":
      return ` ${effect.workflow}`;
    case "settle_journal":
      return ` ${effect.id}`;
    case "write_journal":
      return ` ${effect.id}${
        effect.streams.map((stream) => `;${printNewStream(stream)}`).join("")
      }`;
    case "position":
    case "drop_views":
    case "fence":
    case "delete_shard":
      return "";
    default:
      return unreachable(effect);
  }
}

function printNewStream(stream: NewStream): string {
  const { source } = stream;
  const rules = source.filter.rules.map(({ match, filter }) => `${match}: ${filter || "all"}`);
  const from = stream.position === "" ? "" : ` at ${stream.position}`;
  return ` ${stream.workflow} ${stream.state} from ${source.keyspace}/${source.shard}${from} {${
    rules.join("; ")
  }}`;
}
