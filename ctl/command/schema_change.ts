/**
 * Applies statements to the primaries of shards, one shard after another. Everything is checked on
 * every primary before anything is changed anywhere; when a shard fails all the same, the error
 * says what is done, what isn't, and how to go on.
 */
import { vtError, vtErrorFrom } from "../../shared/error/errors.ts";
import type { TabletRecord } from "../../shared/model/records.ts";
import { printTabletAlias } from "../../shared/model/tablet.ts";
import type { Lock } from "../../topo/store.ts";
import type { CommandContext } from "./context.ts";
import { eachTablet, sayFailures, type TabletFailure } from "./each_tablet.ts";
import { findPrimary, type FoundShard, tabletsOf } from "./lookup.ts";
import { printStatement, type SchemaStatement } from "./sql_script.ts";

/** A large ALTER copies its table. */
const STATEMENT_TIMEOUT_MS = 60 * 60 * 1000;

export interface ShardPrimary {
  readonly shard: FoundShard;
  readonly primary: TabletRecord;
}

export interface ShardChanged {
  readonly shard: string;
  readonly primary: string;
  readonly position: string;
  /** Replicas that did not get there in time, or are not reachable. */
  readonly replicas_behind: readonly TabletFailure[];
}

export interface SchemaChange {
  readonly keyspace: string;
  readonly targets: readonly ShardPrimary[];
  readonly statements: readonly SchemaStatement[];
  readonly waitReplicasMs: number;
  readonly lock: Lock;
}

/** The primaries of shards, each asked whether it is there. VT22002, VT22005. */
export async function findPrimaries(
  context: CommandContext,
  shards: readonly FoundShard[],
): Promise<readonly ShardPrimary[]> {
  return await Promise.all(shards.map(async (shard) => {
    const primary = await findPrimary(context, shard);
    await context.tablets.call(primary, "Ping", {}, { signal: context.signal });
    return { shard, primary };
  }));
}

/**
 * VT22001, naming shard and statement, unless each primary would take all definitions. Statements
 * on rows aren't tried: they may be about tables that don't exist before.
 */
export async function preflight(
  context: CommandContext,
  targets: readonly ShardPrimary[],
  statements: readonly SchemaStatement[],
  { copied = false }: { readonly copied?: boolean } = {},
): Promise<void> {
  const definitions = statements.filter(({ changesRows }) => !changesRows).map(({ sql }) => sql);
  if (definitions.length === 0) return;
  const refusals = await Promise.all(targets.map(async ({ shard, primary }) => {
    const { results } = await context.tablets.call(primary, "PreflightSchema", {
      statements: definitions,
      copied,
    }, {
      signal: context.signal,
      timeoutMs: STATEMENT_TIMEOUT_MS,
    });
    return results.flatMap(({ error }, i) =>
      error === undefined
        ? []
        : [`${nameOf(shard)}: "${printStatement(definitions[i] ?? "")}": ${error}`]
    );
  }));
  const all = refusals.flat();
  if (all.length === 0) return;
  throw vtError("VT22001", `${all.join("\n")}\nNothing was changed on any shard`);
}

/** Runs the statements shard by shard; preflight() came before. */
export async function changeSchema(
  context: CommandContext,
  change: SchemaChange,
): Promise<readonly ShardChanged[]> {
  const done: ShardChanged[] = [];
  for (const target of change.targets) {
    done.push(await changeShard(context, change, target, done));
  }
  return done;
}

function nameOf({ keyspace, shard }: FoundShard): string {
  return `${keyspace}/${shard}`;
}

async function changeShard(
  context: CommandContext,
  change: SchemaChange,
  { shard, primary }: ShardPrimary,
  done: readonly ShardChanged[],
): Promise<ShardChanged> {
  const { statements } = change;
  for (const [i, statement] of statements.entries()) {
    try {
      change.lock.check();
      await runStatement(context, primary, statement);
    } catch (error) {
      throw stopped(change, shard, i, done, error);
    }
  }
  const { position } = await context.tablets.call(primary, "PrimaryPosition", {}, {
    signal: context.signal,
  });
  const behind = await waitForReplicas(context, shard, primary, position, change.waitReplicasMs);
  context.say(
    `${nameOf(shard)}: ${statements.length} statements applied on ${
      printTabletAlias(primary.alias)
    }${behind.length === 0 ? ", replicas have them" : ""}`,
  );
  sayFailures(context, behind);
  return {
    shard: shard.shard,
    primary: printTabletAlias(primary.alias),
    position,
    replicas_behind: behind,
  };
}

async function runStatement(
  context: CommandContext,
  primary: TabletRecord,
  { sql, changesRows }: SchemaStatement,
): Promise<void> {
  const call = { signal: context.signal, timeoutMs: STATEMENT_TIMEOUT_MS };
  if (changesRows) {
    const request = { sql, rowsMax: 0, disableBinlogs: false };
    await context.tablets.call(primary, "ExecuteFetchAsDba", request, call);
  } else {
    await context.tablets.call(primary, "ApplySchema", { statements: [sql], copied: false }, call);
  }
}

/** Waits until the shard's replicas are at `position`, and has all of its tablets look again. */
export async function waitForReplicas(
  context: CommandContext,
  shard: FoundShard,
  primary: TabletRecord,
  position: string,
  timeoutMs: number,
): Promise<readonly TabletFailure[]> {
  const tablets = await tabletsOf(context, shard);
  const replicas = tablets.filter((tablet) => tablet.type !== "primary");
  const behind = await eachTablet(
    context,
    replicas,
    (tablet) =>
      context.tablets.call(tablet, "WaitForPosition", { position, timeoutMs }, {
        signal: context.signal,
        // The tablet ends the wait itself and says where it is.
        timeoutMs: timeoutMs + 5000,
      }),
  );
  const late = new Set(behind.map(({ tablet }) => tablet));
  const fresh = replicas.filter(({ alias }) => !late.has(printTabletAlias(alias)));
  const failures = await eachTablet(
    context,
    [primary, ...fresh],
    (tablet) => context.tablets.call(tablet, "ReloadSchema", {}, { signal: context.signal }),
  );
  return [...behind, ...failures];
}

/** Half done across shards is the worst place to leave a person without directions. */
function stopped(
  { keyspace, targets, statements }: SchemaChange,
  failed: FoundShard,
  index: number,
  done: readonly ShardChanged[],
  cause: unknown,
): Error {
  const text = cause instanceof Error ? cause.message : String(cause);
  const doneNames = new Set(done.map(({ shard }) => shard));
  const untouched = targets.map(({ shard }) => shard.shard)
    .filter((shard) => shard !== failed.shard && !doneNames.has(shard));
  const rest = statements.length - index;
  const lines = [
    `${nameOf(failed)}: statement ${index + 1} of ${statements.length}, "${
      printStatement(statements[index]?.sql ?? "")
    }", failed: ${text}`,
    `done completely: ${done.length === 0 ? "no shard" : [...doneNames].join(", ")}; not begun: ${
      untouched.length === 0 ? "no shard" : untouched.join(", ")
    }`,
    `to go on, remove the cause, then run the last ${rest} statements with ApplySchema --shards ${failed.shard} --sql ... ${keyspace}`,
  ];
  if (untouched.length > 0) {
    lines.push(
      `and all statements with ApplySchema --shards ${untouched.join(",")} ... ${keyspace}`,
    );
  }
  return vtErrorFrom(cause, "VT22006", lines.join("\n"));
}
