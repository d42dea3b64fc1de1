/** Finds mysqld and what belongs to it. Looks nowhere else and reads no configuration. */
import { dirname, join } from "node:path";
import { vtError } from "../../shared/error/errors.ts";
import { findProgram } from "../../shared/host/child.ts";
import type { ServerFiles } from "./flavor.ts";
import { parseServerVersion, type ServerVersion } from "./version.ts";

/**
 * `path`, which may be a name on PATH; else the first of mariadbd and mysqld there. VT22002 when
 * there is none.
 */
export function locateServer(
  path: string | undefined,
  basedir: string | undefined,
): ServerFiles {
  if (path !== undefined) {
    const binary = path.includes("/") ? path : findProgram(path) ?? path;
    if (!isFile(binary)) throw vtError("VT22002", `no server program at ${path}; see --mysqld`);
    return { binary, basedir };
  }
  const binary = findProgram("mariadbd") ?? findProgram("mysqld");
  if (binary === undefined) {
    throw vtError(
      "VT22002",
      "neither mariadbd nor mysqld is on PATH; install one (apt-get install mariadb-server) or name it with --mysqld",
    );
  }
  return { binary, basedir };
}

/** Asks the server for its version; about 20 ms. */
export async function readServerVersion(server: ServerFiles): Promise<ServerVersion> {
  // --no-defaults: a system configuration of another server would stop this one.
  const args = ["--no-defaults", ...relocationArgs(server), "--version"];
  const output = await new Deno.Command(server.binary, { args, stdin: "null" }).output();
  const text = new TextDecoder().decode(output.success ? output.stdout : output.stderr);
  return parseServerVersion(text);
}

/** Tells a server that lies elsewhere than it was built for where its files are. */
export function relocationArgs(server: ServerFiles): readonly string[] {
  return relocationLines(server).map((line) => `--${line}`);
}

/** The same as lines of my.cnf. */
export function relocationLines(server: ServerFiles): readonly string[] {
  const { basedir } = server;
  if (basedir === undefined) return [];
  // Tarballs have share/, distributions share/mysql.
  const share = firstFolder([join(basedir, "share/mysql"), join(basedir, "share")]);
  const plugins = firstFolder([
    join(basedir, "lib/mysql/plugin"),
    join(basedir, "lib64/mysql/plugin"),
    join(basedir, "lib/plugin"),
  ]);
  return [
    `basedir=${basedir}`,
    ...(share === undefined
      ? []
      : [`lc-messages-dir=${share}`, `character-sets-dir=${join(share, "charsets")}`]),
    ...(plugins === undefined ? [] : [`plugin-dir=${plugins}`]),
  ];
}

/** mariadb-install-db of this server. VT22002 when it is missing. */
export function installProgram(server: ServerFiles): string {
  const near = dirname(Deno.realPathSync(server.binary));
  const roots = server.basedir === undefined ? [dirname(near)] : [server.basedir, dirname(near)];
  const candidates = [
    near,
    ...roots.flatMap((root) => [join(root, "bin"), join(root, "scripts")]),
  ];
  for (const folder of candidates) {
    const path = join(folder, "mariadb-install-db");
    if (isFile(path)) return path;
  }
  const onPath = findProgram("mariadb-install-db");
  if (onPath !== undefined) return onPath;
  throw vtError("VT22002", `mariadb-install-db of ${server.binary} is missing; install it`);
}

function isFile(path: string): boolean {
  return statOf(path)?.isFile === true;
}

function firstFolder(paths: readonly string[]): string | undefined {
  return paths.find((path) => statOf(path)?.isDirectory === true);
}

function statOf(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.statSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return undefined;
    }
    throw error;
  }
}
