/** How a program of the cluster is started: from source with this Deno, or the server on PATH. */
import type { Launch } from "./layout.ts";

const ENTRY = {
  tablet: new URL("../../tablet/main.ts", import.meta.url),
  gate: new URL("../../gate/main.ts", import.meta.url),
  ctld: new URL("../daemon/main.ts", import.meta.url),
} as const;

/** The command line of a launch. */
export function commandOf(
  launch: Launch,
): { readonly command: string; readonly args: readonly string[] } {
  if (launch.program === "etcd") return { command: "etcd", args: launch.args };
  const entry = ENTRY[launch.program].pathname;
  // Types were checked when the code was committed; a start need not check them again.
  return { command: Deno.execPath(), args: ["run", "-A", "--no-check", entry, ...launch.args] };
}
