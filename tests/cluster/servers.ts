/** The servers that cluster tests run on: always the one on PATH, and MySQL where there is one. */

export interface Server {
  readonly name: string;
  /** Undefined means from PATH. */
  readonly mysqld: string | undefined;
}

/** Registers a test for each server; that on MySQL is skipped, by name, where there is none. */
export function eachServer(
  name: string,
  body: (t: Deno.TestContext, server: Server) => Promise<void>,
): void {
  const mysql = Deno.env.get("VT_MYSQLD_MYSQL");
  Deno.test(`${name}, on MariaDB`, (t) => body(t, { name: "MariaDB", mysqld: undefined }));
  Deno.test({
    name: `${name}, on MySQL` +
      (mysql === undefined ? " (skipped: VT_MYSQLD_MYSQL is not set)" : ""),
    ignore: mysql === undefined,
    fn: (t) => body(t, { name: "MySQL", mysqld: mysql }),
  });
}
