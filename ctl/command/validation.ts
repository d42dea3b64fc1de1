/** What can be wrong with a shard or a keyspace, judged from its records alone. Pure. */
import { vtError } from "../../shared/error/errors.ts";
import { parseShardName, partitions } from "../../shared/key/range.ts";
import type { ShardRecord, TabletRecord } from "../../shared/model/records.ts";
import { printTabletAlias, type TabletAlias } from "../../shared/model/tablet.ts";
import type { ReplicationStatus } from "../../shared/rpc/tablet_admin.ts";

export interface ShardFacts {
  readonly keyspace: string;
  readonly shard: string;
  readonly record: ShardRecord;
  readonly tablets: readonly TabletRecord[];
  /** ShardReplication of each cell. */
  readonly replication: ReadonlyMap<string, readonly TabletAlias[]>;
  /** What tablets said, by alias; empty when they weren't asked. */
  readonly answers: ReadonlyMap<string, TabletAnswer>;
}

export type TabletAnswer =
  | { readonly error: string; readonly status?: undefined }
  | { readonly error?: undefined; readonly status: ReplicationStatus | undefined };

/** One line an issue; each says what to do about it. */
export function findShardIssues(facts: ShardFacts): readonly string[] {
  return [...primaryIssues(facts), ...graphIssues(facts), ...answerIssues(facts)];
}

function primaryIssues({ keyspace, shard, record, tablets }: ShardFacts): readonly string[] {
  const name = `${keyspace}/${shard}`;
  const claimed = tablets.filter((tablet) => tablet.type === "primary")
    .map((tablet) => printTabletAlias(tablet.alias));
  const recorded = record.primaryAlias === undefined
    ? undefined
    : printTabletAlias(record.primaryAlias);
  if (recorded === undefined) {
    return [
      `no primary for shard ${name}; PlannedReparentShard ${name} --new-primary <alias> makes one`,
    ];
  }
  const issues: string[] = [];
  if (!tablets.some((tablet) => printTabletAlias(tablet.alias) === recorded)) {
    issues.push(`primary ${recorded} of shard ${name} has no tablet record; start that tablet`);
  } else if (!claimed.includes(recorded)) {
    issues.push(
      `primary mismatch for shard ${name}: the shard's record says ${recorded}, whose type isn't primary; PlannedReparentShard ${name} --new-primary ${recorded}`,
    );
  }
  for (const alias of claimed) {
    if (alias === recorded) continue;
    issues.push(
      `${alias} also says that it is primary of shard ${name}, which is ${recorded}; PlannedReparentShard ${name} --new-primary ${recorded} settles it`,
    );
  }
  return issues;
}

function graphIssues({ keyspace, shard, tablets, replication }: ShardFacts): readonly string[] {
  const name = `${keyspace}/${shard}`;
  const aliases = new Set(tablets.map((tablet) => printTabletAlias(tablet.alias)));
  const issues: string[] = [];
  const listed = new Set<string>();
  for (const [cell, nodes] of replication) {
    for (const node of nodes) {
      const alias = printTabletAlias(node);
      listed.add(alias);
      if (aliases.has(alias)) continue;
      issues.push(
        `ShardReplication of ${name} in ${cell} has ${alias}, which is no tablet of it; DeleteTablets ${alias} or start it`,
      );
    }
  }
  for (const alias of aliases) {
    if (listed.has(alias)) continue;
    issues.push(`${alias} is missing in ShardReplication of ${name}; restart that tablet`);
  }
  return issues;
}

function answerIssues({ record, tablets, answers }: ShardFacts): readonly string[] {
  const primary = tablets.find((tablet) =>
    record.primaryAlias !== undefined &&
    printTabletAlias(tablet.alias) === printTabletAlias(record.primaryAlias)
  );
  return tablets.flatMap((tablet) => {
    const alias = printTabletAlias(tablet.alias);
    const answer = answers.get(alias);
    if (answer === undefined) return [];
    if (answer.error !== undefined) return [`${alias} doesn't answer: ${answer.error}`];
    const { status } = answer;
    if (status === undefined || tablet.type === "primary") return [];
    if (!status.ioRunning || !status.sqlRunning) {
      return [
        `${alias} doesn't replicate${
          status.lastError === "" ? "" : `: ${status.lastError}`
        }; StartReplication ${alias}`,
      ];
    }
    if (primary === undefined || status.sourcePort === primary.mysqlPort) return [];
    return [
      `${alias} replicates from ${status.sourceHost}:${status.sourcePort}, and not from the primary ${
        printTabletAlias(primary.alias)
      } at ${primary.mysqlHostname}:${primary.mysqlPort}`,
    ];
  });
}

/** Do the serving shards cover the key space exactly once? */
export function findPartitionIssues(
  keyspace: string,
  shards: ReadonlyMap<string, ShardRecord>,
): readonly string[] {
  if (shards.size === 0) return [`keyspace ${keyspace} has no shards`];
  const serving = [...shards].filter(([, record]) => record.isPrimaryServing).map(([name]) => name);
  if (serving.length === 0) return [`keyspace ${keyspace} has no serving shard`];
  // Shards of custom sharding have words for names: nothing to cover.
  if (!serving.every((name) => name === "0" || name.includes("-"))) return [];
  if (partitions(serving.map(parseShardName))) return [];
  return [
    `the serving shards of ${keyspace} (${
      serving.join(", ")
    }) leave a gap or overlap: CreateShard what is missing`,
  ];
}

/** The result of a validation: throws VT22002 with the list when there is one. */
export function failOnIssues(issues: readonly string[]): { readonly results: readonly string[] } {
  if (issues.length === 0) return { results: [] };
  throw vtError(
    "VT22002",
    `Validation results:\n${issues.map((issue) => `- ${issue}`).join("\n")}`,
  );
}
