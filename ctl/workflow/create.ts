/**
 * Making a workflow. Its streams are written first, stopped: they are the workflow's record, by
 * which a second run of the same command knows that it goes on and a different one that it
 * doesn't. They start last.
 */
import type { JsonObject } from "../../shared/model/records.ts";
import type { Effect, NewTable, Place } from "./effect.ts";
import type { Phase, Program } from "./program.ts";
import type { MovedTables, ServedBy } from "./routing.ts";
import type { PlannedStream } from "./streams.ts";

export interface Creation {
  readonly workflow: string;
  readonly streams: readonly PlannedStream[];
  /** Tables to create, by target shard. */
  readonly newTables: readonly {
    readonly at: Place;
    readonly from: Place;
    readonly tables: readonly NewTable[];
  }[];
  /** Undefined: none to change. */
  readonly rules: { readonly moved: MovedTables; readonly served: ServedBy } | undefined;
  readonly vschema:
    | { readonly keyspace: string; readonly before: JsonObject; readonly after: JsonObject }
    | undefined;
  readonly start: boolean;
  /** A run before this one has started streams: their rows are there, so nothing is undone. */
  readonly begun: boolean;
  readonly command: string;
}

export function createWorkflow(creation: Creation): Program {
  const { streams, newTables, rules, vschema, workflow } = creation;
  const places = distinct(streams.map(({ at }) => at));
  const tables = newTables.filter((one) => one.tables.length > 0);
  const records: readonly Effect[] = [
    ...(rules === undefined ? [] : [{ do: "save_rules", ...rules } as const]),
    ...(vschema === undefined
      ? []
      : [{ do: "save_vschema", keyspace: vschema.keyspace, vschema: vschema.after } as const]),
  ];
  const [place] = places;
  const making: readonly Phase[] = [
    phase(
      "",
      place === undefined
        ? []
        : [{ do: "note_end", keyspace: place.keyspace, workflow, action: undefined }],
      [],
    ),
    phase(
      `Creating workflow ${workflow}`,
      streams.map(({ at, stream }): Effect => ({
        do: "create_stream",
        at,
        stream: { ...stream, state: "Stopped" },
      })),
      streams.map(({ at, stream }) =>
        `Create stream on ${at.keyspace}/${at.shard} from ${stream.source.keyspace}/${stream.source.shard}: ${
          stream.source.filter.rules.map(({ filter }) => filter).join("; ")
        }`
      ),
    ),
    // Before there are two tables of a name, gates know which is meant.
    phase("Saving VSchema and routing rules", records, [
      ...(vschema === undefined ? [] : [`Update VSchema of keyspace ${vschema.keyspace}`]),
      ...(rules === undefined ? [] : ["Update routing rules"]),
    ]),
    phase("", records.length === 0 ? [] : [{ do: "rebuild_vschema" }], []),
    phase(
      "Creating tables",
      tables.map((one): Effect => ({ do: "create_tables", ...one })),
      tables.map(({ at, tables: added }) =>
        `Create tables [${added.map(({ name }) => name).join(",")}] on ${at.keyspace}/${at.shard}`
      ),
    ),
  ];
  return {
    phases: [
      ...making.map((one): Phase => creation.begun ? { ...one, onFailure: "stop" } : one),
      // Rows that came by a stream stand in the way of the next one's, so these are not taken back.
      {
        ...phase(
          "Starting streams",
          creation.start ? places.map((at): Effect => ({ do: "start_streams", at, workflow })) : [],
          creation.start ? ["Start streams"] : [],
        ),
        onFailure: "stop",
      },
    ],
    undo: undo(creation, places, tables),
    remedy: `run ${creation.command} again to go on, or cancel the workflow`,
  };
}

function undo(
  { rules, vschema, workflow }: Creation,
  places: readonly Place[],
  created: Creation["newTables"],
): readonly Phase[] {
  const records: readonly Effect[] = [
    ...(rules === undefined
      ? []
      : [{ do: "save_rules", moved: rules.moved, served: undefined } as const]),
    ...(vschema === undefined
      ? []
      : [{ do: "save_vschema", keyspace: vschema.keyspace, vschema: vschema.before } as const]),
  ];
  return [
    phase("Undoing", places.map((at): Effect => ({ do: "delete_streams", at, workflow })), []),
    phase(
      "",
      created.map(({ at, tables }): Effect => ({
        do: "drop_tables",
        at,
        tables: tables.map(({ name }) => name),
        rename: false,
      })),
      [],
    ),
    phase("", records, []),
    phase("", records.length === 0 ? [] : [{ do: "rebuild_vschema" }], []),
  ];
}

function distinct(places: readonly Place[]): readonly Place[] {
  return [...new Map(places.map((at) => [`${at.keyspace}/${at.shard}`, at])).values()];
}

function phase(name: string, effects: readonly Effect[], plan: readonly string[]): Phase {
  return { name, plan, effects: () => effects, onFailure: "undo" };
}
