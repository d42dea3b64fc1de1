import assert from "node:assert/strict";
import { vtError } from "../../shared/error/errors.ts";
import { MysqlError } from "../../shared/error/mysql_error.ts";
import { encodeErrPacket } from "../../shared/mysql/err_packet.ts";
import { encodeFrames } from "../../shared/mysql/frame.ts";
import { EMPTY_OK, encodeOkPacket } from "../../shared/mysql/ok_packet.ts";
import type { ExecuteRequest, QueryService } from "../../shared/rpc/query_service.ts";
import { LiveSession } from "./live_session.ts";
import { SessionShards } from "./session_shards.ts";
import { Transactions } from "./transactions.ts";

const OPTIONS = { signal: new AbortController().signal };
const ALIAS = { cell: "zone1", uid: 100 };
const OK = encodeFrames(encodeOkPacket(EMPTY_OK, 0), 1);

/** Tablets whose answers the test gives by the statement; `calls` has what they were asked. */
function tablets(
  calls: string[],
  answer: (request: ExecuteRequest) => Uint8Array,
): QueryService {
  let lastId = 0;
  const refuse = () => Promise.reject(new Error("not asked for here"));
  return {
    execute(request) {
      calls.push(`${request.target.shard} ${new TextDecoder().decode(request.sql)}`);
      try {
        const terminal = answer(request);
        const transactionId = request.transactionId || (request.begin === "" ? 0 : ++lastId);
        return Promise.resolve({ transactionId, tablet: ALIAS, terminal, warnings: [] });
      } catch (error) {
        return Promise.reject(error);
      }
    },
    commit: ({ shard }) => Promise.resolve(void calls.push(`${shard} commit`)),
    rollback: ({ shard }) => Promise.resolve(void calls.push(`${shard} rollback`)),
    prepare: refuse,
    release: refuse,
    nextSequence: refuse,
    schema: refuse,
    streamHealth: refuse,
  };
}

/** A session in a transaction; `run` sends a statement to a shard. */
function openTransaction(calls: string[], service: QueryService) {
  const session = new LiveSession({
    connectionId: 1,
    user: "app",
    remoteAddress: "127.0.0.1:1",
    capabilities: 0,
    collation: 45,
    database: "",
    attributes: new Map(),
  });
  const shards = new SessionShards(session, service);
  const transactions = new Transactions(session, service, shards);
  transactions.begin({ consistentSnapshot: false, access: undefined, implicit: false });
  const run = (shard: string, sql: string) =>
    shards.execute(
      {
        keyspace: "customer",
        shard,
        sql: new TextEncoder().encode(sql),
        parameters: undefined,
        tables: [],
      },
      () => {},
      OPTIONS,
    );
  return { session, transactions, calls, run };
}

/** A session in a transaction that has written to -80, and then got `failure` from 80-. */
async function failedTransaction(failure: () => Uint8Array) {
  const calls: string[] = [];
  const service = tablets(calls, ({ sql }) => {
    return new TextDecoder().decode(sql) === "lose" ? failure() : OK;
  });
  const opened = openTransaction(calls, service);
  const { run } = opened;
  await run("-80", "insert");
  await run("80-", "insert");
  await assert.rejects(run("80-", "lose"));
  return opened;
}

Deno.test("COMMIT after a shard has lost its part is an error, and nothing is committed", async () => {
  const { session, transactions, calls } = await failedTransaction(() => {
    throw vtError("VT20006", "zone1-0000000100", "reset");
  });
  assert.equal(session.state.transaction.at, "failed");
  await assert.rejects(transactions.commit(OPTIONS), /VT15001: transaction error, issue ROLLBACK/);
  assert.equal(session.state.transaction.at, "none");
  assert.deepEqual(calls.filter((call) => call.endsWith(" commit")), []);
  assert.ok(calls.includes("-80 rollback"), calls.join("; "));
  await transactions.commit(OPTIONS);
});

Deno.test("COMMIT after a deadlock ends the transaction without an error, as a mysqld does", async () => {
  const { session, transactions, calls } = await failedTransaction(() => {
    const deadlock = new MysqlError(1213, "40001", "Deadlock found when trying to get lock");
    return encodeFrames(encodeErrPacket(deadlock), 1);
  });
  await transactions.commit(OPTIONS);
  assert.equal(session.state.transaction.at, "none");
  assert.deepEqual(calls.filter((call) => call.endsWith(" commit")), []);
  assert.ok(calls.includes("-80 rollback"), calls.join("; "));
});

Deno.test("transaction_mode single keeps out a second shard that joins at the same time", async () => {
  const calls: string[] = [];
  const { session, run, transactions } = openTransaction(calls, tablets(calls, () => OK));
  session.apply({ on: "transaction_mode", mode: "single" });
  const both = await Promise.allSettled([run("-80", "select"), run("80-", "select")]);
  assert.deepEqual(both.map(({ status }) => status), ["fulfilled", "rejected"]);
  assert.match(String(both[1]?.status === "rejected" && both[1].reason), /VT24005/);
  await run("-80", "insert");
  await transactions.commit(OPTIONS);
  assert.deepEqual(calls, ["-80 select", "-80 insert", "-80 commit"]);
});
