/** users.json, read again when it changes. A file that can't be read leaves the users as they are. */
import { vtErrorFrom } from "../../shared/error/errors.ts";
import { sleep } from "../../shared/host/clock.ts";
import type { Log } from "../../shared/io/log.ts";
import { parseUsers, type Users } from "./users.ts";

/** A changed password counts after this at most. Files mounted from secrets send no events. */
const CHECK_EVERY_MS = 1000;

export class UsersFile {
  readonly #path: string;
  readonly #log: Log;
  #users: Users;
  #version: string;

  private constructor(path: string, log: Log, users: Users, version: string) {
    this.#path = path;
    this.#log = log;
    this.#users = users;
    this.#version = version;
  }

  /** Throws VT22001 when the file can't be read or means nothing. */
  static async open(path: string, options: { readonly log: Log }): Promise<UsersFile> {
    const version = await versionOf(path);
    return new UsersFile(path, options.log, await load(path), version);
  }

  /** Of the last file that was right. */
  get users(): Users {
    return this.#users;
  }

  /** Reads the file now (SIGHUP). A bad one is told to the log and changes nothing. */
  async reload(): Promise<void> {
    try {
      this.#version = await versionOf(this.#path);
      this.#users = await load(this.#path);
      this.#log.info("users read again", { path: this.#path, users: this.#users.size });
    } catch (error) {
      this.#log.error("users not read again: the old ones stay", {
        path: this.#path,
        error: error instanceof Error ? error.message : String(error),
      });
    }
  }

  /** Follows the file until the signal. */
  async watch({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    while (!signal.aborted) {
      try {
        await sleep(CHECK_EVERY_MS, { signal });
      } catch {
        return; // The signal: the only thing that sleep throws.
      }
      const version = await versionOf(this.#path).catch(() => this.#version);
      if (version !== this.#version) await this.reload();
    }
  }
}

async function load(path: string): Promise<Users> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw vtErrorFrom(error, "VT22001", `users file ${path} can't be read: ${cause}`);
  }
  return parseUsers(text, path);
}

/** Differs whenever the file was written or replaced. "" while it isn't there. */
async function versionOf(path: string): Promise<string> {
  try {
    const info = await Deno.stat(path);
    return `${info.ino} ${info.size} ${info.mtime?.getTime()}`;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}
