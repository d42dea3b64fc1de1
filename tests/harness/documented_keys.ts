/**
 * What etcdctl lists for the default cluster (examples/commerce.yaml), lock leases aside: the
 * listing of a cluster that Vitess's operator made, from its users' documentation.
 */
export const DOCUMENTED_KEYS = `/vitess/example/global/cells/zone1/CellInfo
/vitess/example/global/cells_aliases/planetscale_operator_default/CellsAlias
/vitess/example/global/elections/vtctld/locks/LEASE
/vitess/example/global/keyspaces/commerce/Keyspace
/vitess/example/global/keyspaces/commerce/VSchema
/vitess/example/global/keyspaces/commerce/shards/-/Shard
/vitess/example/global/keyspaces/customer/Keyspace
/vitess/example/global/keyspaces/customer/VSchema
/vitess/example/global/keyspaces/customer/shards/-80/Shard
/vitess/example/global/keyspaces/customer/shards/80-/Shard
/vitess/example/local/zone1/SrvVSchema
/vitess/example/local/zone1/keyspaces/commerce/SrvKeyspace
/vitess/example/local/zone1/keyspaces/commerce/shards/-/ShardReplication
/vitess/example/local/zone1/keyspaces/customer/SrvKeyspace
/vitess/example/local/zone1/keyspaces/customer/shards/-80/ShardReplication
/vitess/example/local/zone1/keyspaces/customer/shards/80-/ShardReplication
/vitess/example/local/zone1/tablets/zone1-0118374573/Tablet
/vitess/example/local/zone1/tablets/zone1-0120139806/Tablet
/vitess/example/local/zone1/tablets/zone1-2289928654/Tablet
/vitess/example/local/zone1/tablets/zone1-2469782763/Tablet
/vitess/example/local/zone1/tablets/zone1-2548885007/Tablet
/vitess/example/local/zone1/tablets/zone1-4277914223/Tablet`;
