/** kill -9, and what comes back after it. */
import type { TestTablet } from "./tablet.ts";
import { waitFor } from "./wait.ts";

/** Resolves when the tablet has started its mysqld again. */
export async function mysqldKilled(tablet: TestTablet): Promise<void> {
  const pid = await tablet.mysqldPid();
  Deno.kill(pid, "SIGKILL");
  await waitFor("mysqld to be back", async () => await tablet.mysqldPid() !== pid);
}

export async function tabletKilled(tablet: TestTablet): Promise<void> {
  await tablet.kill();
  await tablet.start({ ready: false });
}
