/** Reads what ctl/workflow/journal.ts prints: where a stream of the sources has to go on. */
import { vtError } from "../../shared/error/errors.ts";
import type { Place } from "./event.ts";
import type { ShardGtid } from "./vgtid.ts";

export interface ReshardJournal {
  readonly id: string;
  /** The shards whose streams end here. */
  readonly participants: readonly Place[];
  /** Those that take their place, from these positions on. */
  readonly shardGtids: readonly ShardGtid[];
}

/**
 * Undefined for a move of tables to another keyspace: the stream stays with the keyspace that it
 * was asked for. VT26004 for a text that is no journal.
 */
export function readJournal(id: string, text: string): ReshardJournal | undefined {
  try {
    const journal: unknown = JSON.parse(text);
    if (textOf(journal, "migration_type") !== "SHARDS") return undefined;
    return {
      id,
      participants: listOf(journal, "participants").map(readPlace),
      shardGtids: listOf(journal, "shard_gtids").map((entry) => ({
        ...readPlace(entry),
        gtid: textOf(entry, "gtid"),
      })),
    };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw vtError("VT26004", `the resharding journal ${id} can't be read: ${error.message}`);
  }
}

function readPlace(entry: unknown): Place {
  return { keyspace: textOf(entry, "keyspace"), shard: textOf(entry, "shard") };
}

function valueOf(of: unknown, key: string): unknown {
  if (typeof of !== "object" || of === null || !Object.hasOwn(of, key)) {
    throw new SyntaxError(`it has no ${key}`);
  }
  return Reflect.get(of, key);
}

function textOf(of: unknown, key: string): string {
  const value = valueOf(of, key);
  if (typeof value !== "string" || value === "") throw new SyntaxError(`${key} is no text`);
  return value;
}

function listOf(of: unknown, key: string): readonly unknown[] {
  const value = valueOf(of, key);
  if (!Array.isArray(value) || value.length === 0) throw new SyntaxError(`${key} is no list`);
  return value;
}
