/**
 * tabletPools[].externalDatastore of the operator's format: a mysqld that somebody else runs, which
 * the pool's tablets guard. Its credentials are a JSON text in a Secret: {"USER": ["PASSWORD"]}.
 */
import type { ExternalDatastore } from "./cluster_spec.ts";
import type { YamlCursor } from "./yaml_cursor.ts";

export const EXTERNAL_POOL_TYPES = ["externalmaster", "externalreplica", "externalrdonly"] as const;
export type ExternalPoolType = typeof EXTERNAL_POOL_TYPES[number];

/** `readSecret` gives the text that a reference to a Secret leads to. */
export function decodeExternalDatastore(
  at: YamlCursor,
  readSecret: (reference: YamlCursor) => string,
): ExternalDatastore {
  at.only(["user", "host", "port", "database", "credentialsSecret", "serverCACertSecret"]);
  at.key("serverCACertSecret")?.fail(
    "TLS between a tablet and its mysqld is not supported; connect over a private network",
  );
  const user = at.need("user").string();
  const credentials = at.need("credentialsSecret");
  return {
    user,
    host: at.need("host").string(),
    port: at.need("port").integer(1, 65_535),
    database: at.need("database").string(),
    password: passwordOf(credentials, readSecret(credentials), user),
  };
}

function passwordOf(at: YamlCursor, text: string, user: string): string {
  let users: unknown;
  try {
    users = JSON.parse(text);
  } catch {
    at.fail('the Secret does not hold JSON; want {"USER": ["PASSWORD"]}');
  }
  const passwords = typeof users === "object" && users !== null
    ? Object.entries(users).find(([name]) => name === user)?.[1]
    : undefined;
  const password: unknown = Array.isArray(passwords) ? passwords[0] : undefined;
  if (typeof password === "string") return password;
  return at.fail(`the Secret has no password of "${user}"; want {"${user}": ["PASSWORD"]}`);
}
