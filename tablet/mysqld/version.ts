/** Which server this is: what flavor modules are chosen by. */
import { vtError } from "../../shared/error/errors.ts";

export type FlavorName = "mariadb" | "mysql";

export interface ServerVersion {
  readonly flavor: FlavorName;
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
}

/**
 * Reads what `mysqld --version` or SELECT VERSION() say. VT22002 when the server is neither
 * MariaDB 10.6 or later nor MySQL 8.0 or later.
 */
export function parseServerVersion(text: string): ServerVersion {
  // MariaDB before 11 puts "5.5.5-" in front of its version for old replicas.
  const match = /(?:5\.5\.5-)?(\d+)\.(\d+)\.(\d+)/.exec(text);
  if (match === null) throw vtError("VT22002", `cannot read a server version from "${text}"`);
  const [major, minor, patch] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const flavor = /mariadb/i.test(text) ? "mariadb" : "mysql";
  const version = { flavor, major, minor, patch } as const;
  const supported = flavor === "mariadb" ? isAtLeast(version, 10, 6, 0) : major >= 8;
  if (!supported) {
    throw vtError(
      "VT22002",
      `${
        printServerVersion(version)
      } is not supported: want MariaDB 10.6 or later, or MySQL 8.0 or later`,
    );
  }
  return version;
}

/** "MariaDB 10.11.6". */
export function printServerVersion(version: ServerVersion): string {
  const name = version.flavor === "mariadb" ? "MariaDB" : "MySQL";
  return `${name} ${version.major}.${version.minor}.${version.patch}`;
}

export function isAtLeast(
  version: ServerVersion,
  major: number,
  minor: number,
  patch: number,
): boolean {
  if (version.major !== major) return version.major > major;
  if (version.minor !== minor) return version.minor > minor;
  return version.patch >= patch;
}
