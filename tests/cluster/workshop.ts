/** A small cluster to try out one workflow after another, and what is asked of it between them. */
import assert from "node:assert/strict";
import mysql from "mysql2/promise";
import { waitFor } from "../harness/wait.ts";
import type { LocalCluster } from "./local_cluster.ts";
import { tabletOf } from "./tablets_of.ts";

export interface Refusal {
  readonly id: string;
  readonly cause: RegExp;
  /** What to do about it. */
  readonly remedy: RegExp;
}

export class Workshop {
  readonly cluster: LocalCluster;

  constructor(cluster: LocalCluster) {
    this.cluster = cluster;
  }

  vtctl(...args: string[]): Promise<string> {
    return this.cluster.vtctl(...args);
  }

  /** Runs a command that must be refused, by its id, with cause and remedy; what it printed. */
  async refused(refusal: Refusal, ...args: string[]): Promise<string> {
    const { code, stderr } = await this.cluster.tryVtctl(...args);
    assert.notEqual(code, 0, args.join(" "));
    this.#check(refusal, stderr);
    return stderr;
  }

  #check({ id, cause, remedy }: Refusal, text: string): void {
    const from = text.indexOf(`${id}: `);
    assert.ok(from >= 0, `no ${id} in: ${text}`);
    assert.match(text.slice(from), cause);
    assert.match(text.slice(from), remedy);
  }

  /** Through the gate. */
  async run(sql: string, database = ""): Promise<string> {
    const { code, stdout, stderr } = await this.#mysql(sql, database);
    assert.equal(code, 0, stderr);
    return stdout.trim();
  }

  /** Through the gate, which must refuse it. */
  async refusedByGate(refusal: Refusal, sql: string, database: string): Promise<void> {
    const { code, stderr } = await this.#mysql(sql, database);
    assert.notEqual(code, 0, sql);
    this.#check(refusal, stderr);
  }

  #mysql(sql: string, database: string) {
    const args = ["-N", "-B", ...(database === "" ? [] : ["-D", database]), "-e", sql];
    return this.cluster.mysql(args);
  }

  primary(keyspace: string, shard = "-"): Promise<string> {
    return tabletOf(this.cluster, { keyspace, shard, type: "primary" });
  }

  /** On a shard's own server: the rows, columns joined by commas. */
  async onPrimary(keyspace: string, sql: string, shard = "-"): Promise<readonly string[]> {
    const args = ["ExecuteFetchAsDba", "--json", await this.primary(keyspace, shard), sql];
    const { rows } = JSON.parse(await this.vtctl(...args)) as {
      readonly rows: readonly (readonly (string | null)[])[];
    };
    return rows.map((row) => row.join());
  }

  /** Nobody else uses the table until the scope ends. */
  async lock(keyspace: string, table: string): Promise<AsyncDisposable> {
    const [socketPath = ""] = await this.onPrimary(keyspace, "select @@global.socket");
    const connection = await mysql.createConnection({
      socketPath,
      user: "vt_dba",
      database: `vt_${keyspace}`,
    });
    await connection.query(`lock tables ${table} write`);
    return { [Symbol.asyncDispose]: () => connection.end() };
  }

  /** Kills the tablet, and nobody starts it again before the scope ends; it serves then. */
  async down(alias: string): Promise<AsyncDisposable> {
    const { pid } = await this.cluster.pidOf(alias);
    Deno.kill(this.cluster.supervisorPid, "SIGSTOP");
    Deno.kill(pid, "SIGKILL");
    return {
      [Symbol.asyncDispose]: async () => {
        Deno.kill(this.cluster.supervisorPid, "SIGCONT");
        await waitFor(`${alias} to be back`, async () => {
          return (await this.cluster.tryVtctl("PingTablet", alias)).code === 0;
        });
      },
    };
  }

  async rules(): Promise<number> {
    return JSON.parse(await this.vtctl("GetRoutingRules")).rules.length;
  }

  async saveRules(rules: Readonly<Record<string, string>>): Promise<void> {
    const list = Object.entries(rules)
      .map(([from_table, to]) => ({ from_table, to_tables: [to] }));
    await this.vtctl("ApplyRoutingRules", "--rules", JSON.stringify({ rules: list }));
  }
}
