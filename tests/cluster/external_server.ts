/**
 * A mysqld as an operator has it before anything of ours comes: its own database, application and
 * users, the settings that its packages gave it; and a tablet that is started beside it by hand.
 */
import { type Child, startChild } from "../../shared/host/child.ts";
import { startTestMysqld, type TestMysqld, type TestServer } from "../harness/mysqld.ts";
import { freePort } from "../harness/ports.ts";
import { waitFor } from "../harness/wait.ts";
import type { LocalCluster } from "./local_cluster.ts";

const NEVER = { signal: new AbortController().signal };
export const PASSWORD = "geheim'\\1";

/** What a fresh package of the server has, and streams can't go on with. */
const DEFAULTS: Readonly<Record<TestServer, readonly string[]>> = {
  mariadb: ["binlog_format = MIXED", "log_slave_updates = OFF", "binlog_row_metadata = NO_LOG"],
  mysql: ["binlog_row_metadata = MINIMAL"],
};

export class ExternalServer implements AsyncDisposable {
  readonly mysqld: TestMysqld;

  private constructor(mysqld: TestMysqld) {
    this.mysqld = mysqld;
  }

  /** With the database `shop`, `rows` customers in it, and a user `vt` who may do nothing yet. */
  static async start(server: TestServer, rows: number): Promise<ExternalServer> {
    const mysqld = await startTestMysqld({ server, users: false, extraLines: DEFAULTS[server] });
    const external = new ExternalServer(mysqld);
    await external.sql("CREATE DATABASE shop CHARACTER SET latin1");
    await external.sql(
      "CREATE TABLE shop.customer (customer_id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, " +
        "email varchar(128), since timestamp NOT NULL DEFAULT '2000-01-01 00:00:00')",
    );
    await external.sql(
      "CREATE TABLE shop.corder (order_id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, " +
        "customer_id bigint, sku varchar(128), price bigint)",
    );
    await external.sql("CREATE TABLE shop.audit (id int PRIMARY KEY, what varchar(40))");
    await external.sql("INSERT INTO shop.audit VALUES (1, 'kept')");
    const values = Array.from({ length: rows }, (_, i) => `(${i + 1}, 'old${i}')`).join(",");
    await external.sql(`INSERT INTO shop.customer (customer_id, email) VALUES ${values}`);
    await external.sql(`CREATE USER 'vt'@'%' IDENTIFIED BY '${quoted(PASSWORD)}'`);
    return external;
  }

  async sql(statement: string): Promise<readonly (readonly (string | null)[])[]> {
    return (await this.mysqld.root.query(statement, NEVER)).rows;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.mysqld[Symbol.asyncDispose]();
  }
}

function quoted(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("'", "''");
}

/** vttablet as docs/existing-server.md has it. */
export class ExternalTablet implements AsyncDisposable {
  readonly alias = "zone1-401";
  readonly #logFile: string;
  readonly #httpPort = freePort();
  readonly #child: Child;

  private constructor(logFile: string, args: (httpPort: number) => readonly string[]) {
    this.#logFile = logFile;
    this.#child = startChild({
      command: Deno.execPath(),
      args: [
        "run",
        "-A",
        new URL("../../tablet/main.ts", import.meta.url).pathname,
        ...args(this.#httpPort),
      ],
      logFile,
    });
  }

  static async start(
    cluster: LocalCluster,
    { mysqld }: ExternalServer,
    folder: string,
  ): Promise<ExternalTablet> {
    const passwordFile = `${folder}/password`;
    await Deno.writeTextFile(passwordFile, `${PASSWORD}\n`, { mode: 0o600 });
    const state = JSON.parse(await Deno.readTextFile(`${cluster.options.dataDir}/cluster.json`));
    return new ExternalTablet(`${folder}/vttablet-${crypto.randomUUID()}.log`, (httpPort) => [
      `--topo-address=http://127.0.0.1:${state.etcd.client}`,
      "--topo-global-root=/vitess/example/global",
      "--cell=zone1",
      "--tablet-alias=zone1-401",
      "--init-keyspace=legacy",
      "--init-shard=-",
      "--unmanaged-host=127.0.0.1",
      `--unmanaged-port=${mysqld.port}`,
      "--unmanaged-user=vt",
      `--unmanaged-password-file=${passwordFile}`,
      "--init-db-name-override=shop",
      `--http-port=${httpPort}`,
      `--rpc-port=${freePort()}`,
    ]);
  }

  async ready(): Promise<void> {
    try {
      await waitFor("the tablet", async () => {
        if (!this.#child.running) return true;
        const response = await fetch(`http://127.0.0.1:${this.#httpPort}/readyz`);
        await response.body?.cancel();
        return response.ok;
      });
    } catch (error) {
      throw new Error(await this.log(), { cause: error });
    }
    if (!this.#child.running) throw new Error(await this.log());
  }

  /** What it said before it gave up. */
  async lastWords(): Promise<string> {
    await this.#child.exited;
    return await this.log();
  }

  log(): Promise<string> {
    return Deno.readTextFile(this.#logFile);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child.stop();
  }
}
