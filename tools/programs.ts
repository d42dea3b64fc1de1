/** The programs that are shipped: name of the executable and its entry file. */
export const PROGRAMS: readonly { readonly name: string; readonly entry: string }[] = [
  { name: "vtgate", entry: "gate/main.ts" },
  { name: "vttablet", entry: "tablet/main.ts" },
  { name: "vtctld", entry: "ctl/daemon/main.ts" },
  { name: "vtctl", entry: "ctl/cli/main.ts" },
];

/** Runs `deno` with these arguments; true when it succeeded. */
export async function deno(args: readonly string[]): Promise<boolean> {
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: [...args],
    stdin: "null",
    stdout: "inherit",
    stderr: "inherit",
  }).output();
  return success;
}
