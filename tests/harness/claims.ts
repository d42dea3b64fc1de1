/**
 * Names that one test at a time has on this machine, of all test processes of this user: a file
 * for each in the folder for temporary files, with the pid of who has it.
 */
import { join } from "node:path";

export interface ClaimOptions {
  /** It may be taken from the holder then, though that lives. Default: never. */
  readonly maxMs?: number;
}

/** Takes the name for this process. False when a process that lives has it. */
export function claim(name: string, { maxMs = Infinity }: ClaimOptions = {}): boolean {
  const path = pathOf(name);
  if (isHeld(path, maxMs)) return false;
  try {
    if (exists(path)) takeAway(path);
    Deno.writeTextFileSync(path, String(Deno.pid), { createNew: true });
    return true;
  } catch (error) {
    const isLost = error instanceof Deno.errors.AlreadyExists ||
      error instanceof Deno.errors.NotFound;
    if (isLost) return false;
    throw error;
  }
}

/** Of those who find it left behind, one does so; the others get NotFound. */
function takeAway(path: string): void {
  const aside = `${path}.${crypto.randomUUID()}`;
  Deno.renameSync(path, aside);
  Deno.removeSync(aside);
}

export function release(name: string): void {
  Deno.removeSync(pathOf(name));
}

/** Gives what this process has claimed to another one: it has it while that lives. */
export function handOver(name: string, pid: number): void {
  Deno.writeTextFileSync(pathOf(name), String(pid));
}

function pathOf(name: string): string {
  const folder = join(Deno.env.get("TMPDIR") ?? "/tmp", `vt-test-claims-${Deno.uid() ?? 0}`);
  Deno.mkdirSync(folder, { recursive: true });
  return join(folder, name);
}

function isHeld(path: string, maxMs: number): boolean {
  try {
    const pid = Deno.readTextFileSync(path);
    const { mtime } = Deno.statSync(path);
    // Empty: somebody takes it just now.
    return (pid === "" || exists(`/proc/${pid}`)) && Date.now() - Number(mtime) < maxMs;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
