/** The tables of gate_cluster.ts: the seeds' customers and orders, and one of every type. */
import type { ClusterSchema } from "./gate_cluster.ts";

const customer = (auto: string) =>
  `create table {db}.customer (customer_id bigint not null${auto}, email varchar(128), primary key (customer_id))`;
const corder = (auto: string) =>
  `create table {db}.corder (order_id bigint not null${auto}, customer_id bigint, sku varchar(128),
     price bigint, primary key (order_id), key (sku))`;

const TYPED = `create table {db}.typed (
  id bigint primary key, big bigint, tiny tinyint unsigned, dec_ decimal(10,2), flt float,
  dbl double, ch char(5), vc varchar(50), vb varbinary(10), d date, t time(1), dt datetime(6),
  yr year, en enum('a','b','c'), st set('x','y','z'), bi bit(8), js json
) default charset utf8mb4 collate utf8mb4_unicode_ci`;

/** Ids that no sequence gives, in a sharded keyspace. */
const TICKET = `create table {db}.ticket (id bigint not null auto_increment primary key,
  note varchar(20))`;

const SEQUENCES = ["customer_seq", "order_seq"].flatMap((name) => [
  `create table {db}.${name} (id int, next_id bigint, cache bigint, primary key (id))
     comment 'vitess_sequence'`,
  `insert into {db}.${name} (id, next_id, cache) values (0, 1, 1000)`,
]);

const PRODUCT = `create table {db}.product (sku varchar(128) primary key, description varchar(128),
  price bigint)`;

export const TEST_SCHEMA: ClusterSchema = {
  commerce: [...SEQUENCES, PRODUCT],
  customer: [customer(""), corder(""), TYPED, TICKET],
  plain: [customer(" auto_increment"), corder(" auto_increment"), TYPED, PRODUCT],
  vschema: {
    commerce: {
      tables: { customer_seq: { type: "sequence" }, order_seq: { type: "sequence" }, product: {} },
    },
    customer: {
      sharded: true,
      vindexes: { hash: { type: "hash" } },
      tables: {
        customer: {
          column_vindexes: [{ column: "customer_id", name: "hash" }],
          auto_increment: { column: "customer_id", sequence: "customer_seq" },
        },
        corder: {
          column_vindexes: [{ column: "customer_id", name: "hash" }],
          auto_increment: { column: "order_id", sequence: "order_seq" },
        },
        ticket: { column_vindexes: [{ column: "id", name: "hash" }] },
        typed: { column_vindexes: [{ column: "id", name: "hash" }] },
      },
    },
  },
};
