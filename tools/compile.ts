// deno-lint-ignore-file no-console
/**
 * deno task compile: one self-contained executable a program in dist/. Deno fetches its base
 * runtime for this once; where it can't, DENORT_BIN names a copy, and `deno task bundle` makes files
 * that run on an installed Deno.
 */
import { deno, PROGRAMS } from "./programs.ts";

await Deno.mkdir("dist", { recursive: true });
for (const { name, entry } of PROGRAMS) {
  const output = `dist/${name}`;
  if (!await deno(["compile", "-A", "--exclude-unused-npm", `--output=${output}`, entry])) {
    console.error(
      "\nNo executable was made. Without access to Deno's base runtime, set DENORT_BIN to a copy " +
        "of it, or use `deno task bundle`.",
    );
    Deno.exit(1);
  }
  const { size } = await Deno.stat(output);
  console.log(`${output}  ${(size / 2 ** 20).toFixed(2)} MB`);
}
