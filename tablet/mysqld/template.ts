/**
 * Initialised data directories, made once per server program and version and copied for each
 * new tablet: initialising takes seconds, copying a fraction of one.
 *
 *     absent ── initialise into NAME.tmp ── fsync, rename ──▶ NAME ── copy ──▶ a tablet's data
 *
 * A file lock guards the making. The kernel drops it when its holder dies; a half-made NAME.tmp
 * is thrown away by the next holder.
 */
import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { vtError } from "../../shared/error/errors.ts";
import type { Flavor, ServerFiles } from "./flavor.ts";
import { printServerVersion } from "./version.ts";

/** The folder of the template, which is made when it isn't there. VT20030 when the server can't initialise. */
export async function ensureTemplate(
  flavor: Flavor,
  server: ServerFiles,
  cacheFolder: string,
  systemUser: string | undefined,
  options: { readonly signal: AbortSignal },
): Promise<string> {
  const template = join(cacheFolder, templateName(flavor, server));
  if (await exists(template)) return template;
  await Deno.mkdir(cacheFolder, { recursive: true });
  using lock = await Deno.open(`${template}.lock`, { create: true, write: true });
  await lock.lock(true);
  if (await exists(template)) return template;
  const unfinished = `${template}.tmp`;
  await removeAll(unfinished);
  const command = flavor.setup.initialise(server, unfinished, systemUser);
  const child = new Deno.Command(command.program, {
    args: [...command.args],
    // mariadb-install-db writes beside itself when it can't write to its working folder.
    cwd: cacheFolder,
    stdin: "null",
    signal: options.signal,
  });
  const output = await child.output();
  options.signal.throwIfAborted();
  if (!output.success) throw vtError("VT20030", command.program, lastLines(output));
  for (const name of flavor.setup.perServerFiles) await removeAll(join(unfinished, name));
  await Deno.chmod(unfinished, 0o700);
  await syncTree(unfinished);
  await Deno.rename(unfinished, template);
  return template;
}

/** Copies a template so that `target` is either whole or absent. Copy-on-write where the file system can. */
export async function copyTemplate(template: string, target: string): Promise<void> {
  const unfinished = `${target}.tmp`;
  await removeAll(unfinished);
  await copyTree(template, unfinished);
  await Deno.rename(unfinished, target);
}

/** "mariadb-10.11.19-1f0c27ab": two builds of one version may differ in their defaults. */
function templateName(flavor: Flavor, server: ServerFiles): string {
  const { major, minor, patch } = flavor.version;
  const hash = createHash("sha256")
    .update(
      [Deno.realPathSync(server.binary), server.basedir, printServerVersion(flavor.version)].join(
        "\0",
      ),
    )
    .update(flavor.setup.configLines.join("\n"))
    .digest("hex");
  return `${flavor.version.flavor}-${major}.${minor}.${patch}-${hash.slice(0, 8)}`;
}

async function copyTree(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { mode: 0o700 });
  for await (const entry of Deno.readDir(from)) {
    const source = join(from, entry.name);
    const target = join(to, entry.name);
    if (entry.isDirectory) await copyTree(source, target);
    else if (entry.isFile) await Deno.copyFile(source, target);
  }
}

/** A template that a power failure tore would break every tablet made from it later. */
async function syncTree(folder: string): Promise<void> {
  for await (const entry of Deno.readDir(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory) {
      await syncTree(path);
    } else if (entry.isFile) {
      using file = await Deno.open(path);
      await file.syncData();
    }
  }
}

function lastLines(output: Deno.CommandOutput): string {
  const decoder = new TextDecoder();
  const text = `${decoder.decode(output.stdout)}\n${decoder.decode(output.stderr)}`;
  return text.split("\n").filter((line) => line.trim() !== "").slice(-5).join(" | ");
}

/** Deletes a file or folder; it may be absent. */
export async function removeAll(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

export async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** The folder that a file lies in, there after this. Readable by its owner alone. */
export async function makeFolderOf(path: string): Promise<void> {
  await Deno.mkdir(dirname(path), { recursive: true, mode: 0o700 });
}
