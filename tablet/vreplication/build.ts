/** VReplication of a tablet, put together: both ends of it, and what they know of the topology. */
import { HOST_CLOCK } from "../../shared/host/clock.ts";
import type { StreamSettings } from "../../shared/flags/stream_flags.ts";
import type { FilterContext } from "../../shared/filter/keyspace_id.ts";
import type { Log } from "../../shared/io/log.ts";
import type { TabletRecord } from "../../shared/model/records.ts";
import { printTabletAlias } from "../../shared/model/tablet.ts";
import { buildKeyspace } from "../../shared/vschema/keyspace.ts";
import { parseKeyspace } from "../../shared/vschema/parse.ts";
import { listAllTablets } from "../../topo/tablets.ts";
import type { Topology } from "../../topo/topology.ts";
import { listVSchemas } from "../../topo/vschemas.ts";
import type { MysqlLogin } from "../mysqld/dba.ts";
import type { MysqldAddress } from "../mysqld/login.ts";
import { VReplicationEngine } from "./engine.ts";
import { LastKnown } from "../../shared/host/last_known.ts";
import { ReplicaLag } from "./replica_lag.ts";
import { pickSource } from "../../shared/host/source_picker.ts";
import { SourceService } from "./source_service.ts";
import { vschemaContext } from "./vschema_context.ts";

export interface VReplicationParts {
  readonly topo: Topology;
  readonly record: TabletRecord;
  readonly address: MysqldAddress;
  /** Writes rows, and reads binlogs and tables. */
  readonly login: { readonly user: string; readonly password: string };
  /** Reads tables out of snapshots. */
  readonly snapshotLogin: MysqlLogin;
  readonly database: string;
  readonly settings: StreamSettings;
  readonly log: Log;
}

export interface VReplication {
  /** Streams that write here. */
  readonly engine: VReplicationEngine;
  /** What others read from here. */
  readonly service: SourceService;
  /** All tablets of the topology. */
  readonly tablets: LastKnown<readonly TabletRecord[]>;
  /** Of this keyspace's VSchema. */
  readonly context: LastKnown<FilterContext>;
}

const REPLICA_LAG_SECONDS_MAX = 5;

export function buildVReplication(parts: VReplicationParts): VReplication {
  const { topo, record, address, login, database, log } = parts;
  const { alias, keyspace, shard } = record;
  const name = printTabletAlias(alias);
  const tablets = new LastKnown((call) => listAllTablets(topo, call), log);
  const context = new LastKnown<FilterContext>(async (call) => {
    const documents = await listVSchemas(topo, call);
    return vschemaContext(
      keyspace,
      new Map([...documents].map(([of, json]) => [of, buildKeyspace(of, parseKeyspace(json))])),
    );
  }, log);
  const lag = new ReplicaLag({
    self: alias,
    keyspace,
    shard,
    tablets: (call) => tablets.get(call),
    clock: HOST_CLOCK,
    lagMaxSeconds: REPLICA_LAG_SECONDS_MAX,
  });
  const engine = new VReplicationEngine({
    login: { address, ...login, database },
    pick: (wish, call) => pickSource({ tablets: (asked) => tablets.get(asked), name }, wish, call),
    settings: parts.settings,
    throttle: (call, onWait) => lag.wait(call, onWait),
    clock: HOST_CLOCK,
    log,
  });
  const service = new SourceService({
    login: { address, ...login },
    snapshotLogin: parts.snapshotLogin,
    database,
    place: { keyspace, shard },
    context: (call) => context.get(call),
    log,
  });
  return { engine, service, tablets, context };
}
