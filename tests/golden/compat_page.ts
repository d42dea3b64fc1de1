/**
 * docs/compat.md: which SQL runs how, and which is refused. Made from the golden files of the
 * planner, so that it says nothing that isn't tested.
 */
import { type Case, parse } from "./golden.ts";

const FOLDER = new URL("../../gate/plan/testdata/", import.meta.url);
export const PAGE = new URL("../../docs/compat.md", import.meta.url);

/** File of cases and what its part of the page is called. */
const PARTS: readonly (readonly [file: string, title: string])[] = [
  ["one_shard", "Queries of one shard, or of none"],
  ["scatter", "Queries of several shards"],
  ["inserts", "INSERT and REPLACE"],
  ["changes", "UPDATE and DELETE"],
  ["ddl_and_other", "DDL and other statements"],
  ["session_and_server", "Session values, tables of the server, targets"],
  ["traps", "What looks like a condition on the vindex column"],
];

const HEAD = `# Which SQL runs, and how

Made from \`gate/plan/testdata/\` by \`deno task golden\`, where the tables and vindexes of the
examples are described (\`gate/plan/plan_fixture_test.ts\`): \`customer\`, \`corder\` and \`plain\` are
sharded by \`hash\` of \`customer_id\` or \`id\`, \`country\` is a reference table, \`product\` is in an
unsharded keyspace.

A statement on one shard, on an unsharded keyspace or with a shard as its target runs as mysqld has
it, whatever it is. Over several shards each of them does its part and vtgate puts the rows together;
what that can't do rightly is refused with \`VT12001\`. \`vexplain plan STATEMENT\` says the same of
your own statements.

In the right column stands the plan's first line: \`EqualUnique\` is one shard by its vindex, \`IN\` the
shards of a list, \`Scatter\` all, \`Unsharded\` and \`Reference\` one whatever the values.
`;

/** The page as it should be. */
export async function compatPage(): Promise<string> {
  const parts: string[] = [HEAD];
  for (const [file, title] of PARTS) {
    const text = await Deno.readTextFile(new URL(`${file}.txt`, FOLDER));
    const rows = parse(`${file}.txt`, text).flatMap((block) => [
      ...topicOf(block.head),
      `| ${code(block.input)}${where(block)} | ${outcome(block.want)} |`,
    ]);
    parts.push(
      [`## ${title}`, "", "| statement | plan |", "| --- | --- |", ...rows, ""].join("\n"),
    );
  }
  return parts.join("\n");
}

/** The comment above a case begins a topic: a row of its own. */
function topicOf(head: string): readonly string[] {
  const lines = head.split("\n").filter((line) => line.startsWith("#"));
  if (lines.length === 0) return [];
  const text = lines.map((line) => line.replace(/^#\s*/, "")).join(" ");
  return [`| **${escape(text)}** | |`];
}

function outcome(want: string): string {
  const [first = ""] = want.split("\n");
  const refused = /^error: (.*)$/.exec(first)?.[1];
  return refused === undefined ? code(first) : `refused: ${escape(refused)}`;
}

/** Conditions of the case: keyspace and shard of the session, tablet type, character set. */
function where({ args }: Case): string {
  const said = [...args].map(([key, value]) => `${key === "ks" ? "in" : key} ${value}`);
  return said.length === 0 ? "" : ` (${escape(said.join(", "))})`;
}

function code(text: string): string {
  const line = text.replace(/\s+/g, " ").trim().replaceAll("|", "\\|");
  return line.includes("`") ? `\`\` ${line} \`\`` : `\`${line}\``;
}

function escape(text: string): string {
  return text.replace(/[|<>*_`\\]/g, (character) => `\\${character}`);
}
