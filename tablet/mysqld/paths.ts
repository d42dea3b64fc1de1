/** What lies where in a tablet's folder. */
import { createHash } from "node:crypto";
import { join, resolve } from "node:path";

export interface MysqldPaths {
  /** The tablet's own folder. */
  readonly root: string;
  readonly dataDir: string;
  readonly config: string;
  readonly socket: string;
  readonly pidFile: string;
  readonly errorLog: string;
  /** Log files of the binlog and of the relay log, without their numbers. */
  readonly binlogFolder: string;
  readonly relayLogFolder: string;
  readonly tmpDir: string;
  /** The only folder that LOAD DATA and SELECT ... INTO OUTFILE may touch. */
  readonly filesDir: string;
  /** There while a fresh data directory is being set up: what is in it may be thrown away. */
  readonly unfinished: string;
  /** Locked by the tablet that owns the folder. */
  readonly lock: string;
}

/** sun_path holds 104 bytes with its NUL on BSD and macOS, 108 on Linux. */
const SOCKET_PATH_BYTES_MAX = 103;

export function mysqldPaths(folder: string): MysqldPaths {
  const root = resolve(folder);
  return {
    root,
    dataDir: join(root, "data"),
    config: join(root, "my.cnf"),
    socket: socketPath(root),
    pidFile: join(root, "mysqld.pid"),
    errorLog: join(root, "error.log"),
    binlogFolder: join(root, "bin-logs"),
    relayLogFolder: join(root, "relay-logs"),
    tmpDir: join(root, "tmp"),
    filesDir: join(root, "files"),
    unfinished: join(root, "data.unfinished"),
    lock: join(root, "tablet.lock"),
  };
}

/** In the folder, or under /tmp where the folder's path is too long for a socket. */
function socketPath(root: string): string {
  const path = join(root, "mysql.sock");
  if (new TextEncoder().encode(path).length <= SOCKET_PATH_BYTES_MAX) return path;
  const name = createHash("sha256").update(root).digest("hex").slice(0, 16);
  return `/tmp/vttablet-${name}/mysql.sock`;
}
