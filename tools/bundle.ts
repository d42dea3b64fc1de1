// deno-lint-ignore-file no-console
/**
 * deno task bundle: one JavaScript file a program in dist/, with everything it imports. Runs with
 * `deno run -A dist/vtgate.js` on a host that has Deno and nothing else.
 */
import { deno, PROGRAMS } from "./programs.ts";

await Deno.mkdir("dist", { recursive: true });
for (const { name, entry } of PROGRAMS) {
  const output = `dist/${name}.js`;
  const done = await deno(["bundle", "--platform=deno", "--minify", `--output=${output}`, entry]);
  if (!done) Deno.exit(1);
  const { size } = await Deno.stat(output);
  console.log(`${output}  ${(size / 2 ** 20).toFixed(2)} MB`);
}
