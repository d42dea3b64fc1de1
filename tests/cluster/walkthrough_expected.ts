/** What the walk-through of the Vitess operator's example printed at each step (release 8). */

export const COMMERCE_DATA = `Using commerce
Customer
+-------------+--------------------+
| customer_id | email              |
+-------------+--------------------+
|           1 | alice@domain.com   |
|           2 | bob@domain.com     |
|           3 | charlie@domain.com |
|           4 | dan@domain.com     |
|           5 | eve@domain.com     |
+-------------+--------------------+
Product
+----------+-------------+-------+
| sku      | description | price |
+----------+-------------+-------+
| SKU-1001 | Monitor     |   100 |
| SKU-1002 | Keyboard    |    30 |
+----------+-------------+-------+
COrder
+----------+-------------+----------+-------+
| order_id | customer_id | sku      | price |
+----------+-------------+----------+-------+
|        1 |           1 | SKU-1001 |   100 |
|        2 |           2 | SKU-1002 |    30 |
|        3 |           3 | SKU-1002 |    30 |
|        4 |           4 | SKU-1002 |    30 |
|        5 |           5 | SKU-1002 |    30 |
+----------+-------------+----------+-------+
`;

const CUSTOMERS = COMMERCE_DATA.slice("Using commerce\n".length, COMMERCE_DATA.indexOf("Product"));
const ORDERS = COMMERCE_DATA.slice(COMMERCE_DATA.indexOf("COrder"));

export const CUSTOMER_0_DATA = `Using customer/-\n${CUSTOMERS}${ORDERS}`;

export const CUSTOMER_LOW_DATA = `Using customer/-80\n${without(CUSTOMERS, "4")}${
  without(ORDERS, "4")
}`;

export const CUSTOMER_HIGH_DATA = `Using customer/80-
Customer
+-------------+----------------+
| customer_id | email          |
+-------------+----------------+
|           4 | dan@domain.com |
+-------------+----------------+
COrder
+----------+-------------+----------+-------+
| order_id | customer_id | sku      | price |
+----------+-------------+----------+-------+
|        4 |           4 | SKU-1002 |    30 |
+----------+-------------+----------+-------+
`;

/** A table without the row of that id. */
function without(table: string, id: string): string {
  return table.split("\n").filter((line) => line.split("|")[1]?.trim() !== id).join("\n");
}

type Tablets = readonly (readonly [keyspace: string, shard: string, aliases: readonly string[]])[];

/** Of SHOW VITESS_TABLETS: one of each shard's two is its primary. */
const COMMERCE: Tablets[number] = ["commerce", "-", ["zone1-2548885007", "zone1-2469782763"]];
const CUSTOMER_0: Tablets[number] = ["customer", "-", ["zone1-1250593518", "zone1-3778123133"]];
const CUSTOMER_LOW: Tablets[number] = ["customer", "-80", ["zone1-0120139806", "zone1-2289928654"]];
const CUSTOMER_HIGH: Tablets[number] = [
  "customer",
  "80-",
  ["zone1-0118374573", "zone1-4277914223"],
];

export const TABLETS_101: Tablets = [COMMERCE];
export const TABLETS_201: Tablets = [COMMERCE, CUSTOMER_0];
export const TABLETS_302: Tablets = [COMMERCE, CUSTOMER_0, CUSTOMER_LOW, CUSTOMER_HIGH];
export const TABLETS_306: Tablets = [COMMERCE, CUSTOMER_LOW, CUSTOMER_HIGH];

/** "from -> to", sorted: Go printed them in the order of a map. */
export const RULES_CREATED: readonly string[] = [
  "corder -> commerce.corder",
  "customer -> commerce.customer",
  "customer.corder -> commerce.corder",
  "customer.customer -> commerce.customer",
];

export const RULES_READS: readonly string[] = [
  ...RULES_CREATED,
  ...["customer", "corder"].flatMap((table) =>
    ["rdonly", "replica"].flatMap((type) =>
      ["", "commerce.", "customer."].map((prefix) =>
        `${prefix}${table}@${type} -> customer.${table}`
      )
    )
  ),
].sort();

export const RULES_WRITES: readonly string[] = [
  "commerce.corder -> customer.corder",
  "commerce.customer -> customer.customer",
  "corder -> customer.corder",
  "customer -> customer.customer",
];

export const WORKFLOWS_LISTED =
  "Following workflow(s) found in keyspace customer: commerce2customer\n";
/** File. */
export const WORKFLOW_SHOWN = new URL(
  "../../ctl/command/workflow/testdata/legacy_show.json",
  import.meta.url,
);

export const VDIFF =
  "Summary for corder: {ProcessedRows:5 MatchingRows:5 MismatchedRows:0 ExtraRowsSource:0 ExtraRowsTarget:0}\n" +
  "Summary for customer: {ProcessedRows:5 MatchingRows:5 MismatchedRows:0 ExtraRowsSource:0 ExtraRowsTarget:0}\n";

const LAST_LINE =
  "If this is not what you expected, check the input data (as JSON parsing will skip unexpected fields).\n";

export const VSCHEMA_SEQ = `New VSchema object:
{
  "tables": {
    "customer_seq": {
      "type": "sequence"
    },
    "order_seq": {
      "type": "sequence"
    },
    "product": {

    }
  }
}
${LAST_LINE}`;

export const VSCHEMA_SHARDED = `New VSchema object:
{
  "sharded": true,
  "vindexes": {
    "hash": {
      "type": "hash"
    }
  },
  "tables": {
    "corder": {
      "columnVindexes": [
        {
          "column": "customer_id",
          "name": "hash"
        }
      ],
      "autoIncrement": {
        "column": "order_id",
        "sequence": "order_seq"
      }
    },
    "customer": {
      "columnVindexes": [
        {
          "column": "customer_id",
          "name": "hash"
        }
      ],
      "autoIncrement": {
        "column": "customer_id",
        "sequence": "customer_seq"
      }
    }
  }
}
${LAST_LINE}`;
