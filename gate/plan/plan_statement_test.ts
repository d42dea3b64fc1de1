import { golden } from "../../tests/golden/golden.ts";
import { planOf } from "./plan_fixture_test.ts";
import { printPlan } from "./print.ts";

golden(new URL("./testdata/", import.meta.url), ({ command, args, input }) => {
  const keyspace = args.get("ks");
  const target = args.get("target");
  const destination = target === undefined ? "none" : target === "range" ? "many" : "one";
  const charset = args.get("charset") === "latin1" ? "latin1" : "utf8";
  const plan = planOf(input, { keyspace, destination, type: args.get("type"), charset });
  if (command === "why") return `tier ${plan.tier}: ${plan.why}\n${plan.tablesUsed.join(" ")}`;
  return printPlan(plan);
});
