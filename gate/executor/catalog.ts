/** What the gate knows about the cluster: VSchema, tables, shards. The executor reads it. */
import type { TabletType } from "../../shared/model/tablet.ts";
import type { TabletHealth } from "../../shared/rpc/query_service.ts";
import type { Vindex } from "../../shared/vindex/vindex.ts";
import type { VSchema } from "../../shared/vschema/vschema.ts";
import type { ShardRange } from "../engine/shards.ts";
import type { DatabaseNames } from "../plan/context.ts";

export interface Catalog {
  /** Grows with every change that may change a plan. */
  readonly version: number;
  readonly vschema: VSchema;
  /** Sorted. */
  readonly keyspaces: readonly string[];
  readonly databases: DatabaseNames;
  /** The keyspace whose database mysqld calls so; undefined when there is none, or several. */
  keyspaceOf(database: string): string | undefined;
  isSharded(keyspace: string): boolean;
  /** In order of their key ranges. VT05003 for an unknown keyspace. */
  shards(keyspace: string, tabletType: TabletType): readonly ShardRange[];
  vindex(keyspace: string, name: string): Vindex;
  /** Tablets as the gate sees them, for SHOW VITESS_TABLETS and its kin. */
  readonly tablets: readonly KnownTablet[];
}

export interface KnownTablet {
  readonly health: TabletHealth;
  readonly hostname: string;
  /** mysqld's name of its keyspace's database. */
  readonly database: string;
  readonly mysqlHostname: string;
  readonly mysqlPort: number;
}
