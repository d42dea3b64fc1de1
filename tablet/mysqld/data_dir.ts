/**
 * A tablet's folder: its data directory made from the template, its my.cnf written anew at each
 * start, one owner at a time.
 */
import { vtError } from "../../shared/error/errors.ts";
import type { Flavor, ServerFiles } from "./flavor.ts";
import { locateServer, readServerVersion } from "./locate.ts";
import { flavorOf } from "./flavor.ts";
import { type MysqldOptions, printMyCnf } from "./my_cnf.ts";
import { type MysqldPaths, mysqldPaths } from "./paths.ts";
import { copyTemplate, ensureTemplate, exists, makeFolderOf, removeAll } from "./template.ts";

export interface ServerChoice {
  /** Program; undefined takes the first of mariadbd and mysqld on PATH. */
  readonly binary: string | undefined;
  readonly basedir: string | undefined;
  /** Where initialised data directories are kept. */
  readonly templateFolder: string;
}

/** A folder that is ready for mysqld to start in. */
export interface PreparedFolder extends Disposable {
  readonly flavor: Flavor;
  readonly server: ServerFiles;
  readonly paths: MysqldPaths;
  /** True until `finish`: the init SQL has not run through yet. */
  readonly fresh: boolean;
  /** From now on the data is kept. */
  finish(): Promise<void>;
}

/**
 * Makes the folder ready. Throws VT22002 when another process has it, or when it holds data of
 * the other flavor.
 */
export async function prepareFolder(
  folder: string,
  choice: ServerChoice,
  options: MysqldOptions,
  call: { readonly signal: AbortSignal },
): Promise<PreparedFolder> {
  if (!(options.uid >= 1 && options.uid <= 0xffff_ffff)) {
    throw vtError(
      "VT22001",
      `tablet uid ${options.uid} can't be a server id: want 1 to 4294967295`,
    );
  }
  const server = locateServer(choice.binary, choice.basedir);
  const flavor = flavorOf(await readServerVersion(server));
  const paths = mysqldPaths(folder);
  await Deno.mkdir(paths.root, { recursive: true, mode: 0o700 });
  const lock = new DisposableStack();
  lock.adopt(await lockFolder(paths), (file) => file.close());
  try {
    const systemUser = Deno.uid() === 0 ? "root" : undefined;
    await makeFolderOf(paths.socket);
    for (const name of [paths.tmpDir, paths.filesDir, paths.binlogFolder, paths.relayLogFolder]) {
      await Deno.mkdir(name, { recursive: true, mode: 0o700 });
    }
    const fresh = await ensureData(flavor, server, paths, choice.templateFolder, systemUser, call);
    await Deno.writeTextFile(paths.config, printMyCnf(flavor, server, paths, options, systemUser));
    return {
      flavor,
      server,
      paths,
      fresh,
      finish: () => finish(paths),
      [Symbol.dispose]: () => lock.dispose(),
    };
  } catch (error) {
    lock.dispose();
    throw error;
  }
}

/** The kernel drops the lock with the process, however that ends. */
async function lockFolder(paths: MysqldPaths): Promise<Deno.FsFile> {
  const file = await Deno.open(paths.lock, { create: true, write: true });
  if (await file.tryLock(true)) return file;
  file.close();
  throw vtError("VT22002", `${paths.root} belongs to a tablet that runs already`);
}

/** True when the data directory is new, or was left half set up by an earlier start. */
async function ensureData(
  flavor: Flavor,
  server: ServerFiles,
  paths: MysqldPaths,
  templateFolder: string,
  systemUser: string | undefined,
  call: { readonly signal: AbortSignal },
): Promise<boolean> {
  const unfinished = await exists(paths.unfinished);
  if (await exists(paths.dataDir) && !unfinished) {
    await checkOwner(flavor, paths);
    return false;
  }
  if (!unfinished) await refuseLostData(paths);
  await Deno.writeTextFile(paths.unfinished, "");
  for (const left of [paths.dataDir, paths.binlogFolder, paths.relayLogFolder]) {
    await removeAll(left);
  }
  await Deno.mkdir(paths.binlogFolder, { mode: 0o700 });
  await Deno.mkdir(paths.relayLogFolder, { mode: 0o700 });
  const template = await ensureTemplate(flavor, server, templateFolder, systemUser, call);
  await copyTemplate(template, paths.dataDir);
  return true;
}

/** Binlogs without the data that they were written for: nothing new may take their place. */
async function refuseLostData(paths: MysqldPaths): Promise<void> {
  for await (const { name } of Deno.readDir(paths.binlogFolder)) {
    throw vtError(
      "VT22002",
      `${paths.dataDir} is gone, but ${paths.binlogFolder} holds ${name}: is its disk not mounted? ` +
        `Bring the data back; to begin with nothing, remove ${paths.binlogFolder} too`,
    );
  }
}

/** From here on the data counts, also after a power cut: the mark must not come back. */
async function finish(paths: MysqldPaths): Promise<void> {
  await removeAll(paths.unfinished);
  using folder = await Deno.open(paths.root);
  await folder.sync();
}

/** MySQL's dictionary is in mysql.ibd, which MariaDB does not have. */
async function checkOwner(flavor: Flavor, paths: MysqldPaths): Promise<void> {
  const owner = await exists(`${paths.dataDir}/mysql.ibd`) ? "mysql" : "mariadb";
  if (owner === flavor.version.flavor) return;
  throw vtError(
    "VT22002",
    `${paths.dataDir} holds data of ${owner}, but the server is ${flavor.version.flavor}; name the right one with --mysqld`,
  );
}
