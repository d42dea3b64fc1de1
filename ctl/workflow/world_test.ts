/** Decisions about workflows against a small model of tablets and topology: golden transcripts. */
import { advance, program } from "../../tests/harness/workflow_stages.ts";
import { run, World } from "../../tests/harness/workflow_world.ts";
import { type Case, golden } from "../../tests/golden/golden.ts";
import { printPlan } from "./program.ts";
import { printTraffic, readTraffic } from "./traffic.ts";

function worldOf(c: Case): World {
  const kind = c.args.get("kind") === "reshard" ? "reshard" : "move_tables";
  const list = (key: string, fallback: string) => (c.args.get(key) ?? fallback).split(",");
  const world = new World(
    kind,
    list("from", "-"),
    list("to", kind === "reshard" ? "-80,80-" : "-"),
  );
  world.addStreams("w");
  for (const place of world.sources) world.shard(place).writes = 5;
  return world;
}

golden(new URL("testdata/", import.meta.url), (c) => {
  const world = worldOf(c);
  const stages = c.input.split(/\s+/).filter((word) => word !== "");
  const last = stages.pop() ?? "";
  advance(world, stages);
  switch (c.command) {
    case "run": {
      const failAt = Number(c.args.get("fail") ?? 0);
      const mode = c.args.get("mode") === "after" ? "after" : "before";
      const { lines } = run(world, program(world, last), { failAt, mode });
      return lines.join("\n");
    }
    case "dry_run":
      return printPlan(program(world, last)).join("\n");
    case "rules":
      if (last !== "") advance(world, [last]);
      return world.rules.rules.map(({ fromTable, toTables }) => `${fromTable} -> ${toTables}`)
        .sort().join("\n") || "(none)";
    case "state":
      if (last !== "") advance(world, [last]);
      return printTraffic(readTraffic(world.facts("w")));
    default:
      throw new Error(`no command ${c.command}`);
  }
});
