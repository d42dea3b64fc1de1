/** vtctld as a process, on a real etcd: API, client, election, stop. Tablets are in cluster_test.ts. */
import assert from "node:assert/strict";
import { type Etcd, startEtcd } from "../../tests/harness/etcd.ts";
import { openTestTopology } from "../../tests/harness/tablet.ts";
import { tempDir } from "../../tests/harness/temp_dir.ts";
import { TestVtctld } from "../../tests/harness/vtctld.ts";
import { waitFor } from "../../tests/harness/wait.ts";
import { lockKeyspace } from "../../topo/locks.ts";

const CLI = new URL("../cli/main.ts", import.meta.url).pathname;

interface CliOutcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** vtctl itself, as a process. */
async function vtctl(
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<CliOutcome> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", CLI, ...args],
    env,
  }).output();
  const decoder = new TextDecoder();
  return { code, out: decoder.decode(stdout), err: decoder.decode(stderr) };
}

async function post(
  vtctld: TestVtctld,
  name: string,
  body: string,
  type = "application/json",
): Promise<[number, string]> {
  const response = await fetch(`http://${vtctld.server}/api/v1/commands/${name}`, {
    method: "POST",
    headers: { "content-type": type },
    body,
  });
  return [response.status, await response.text()];
}

async function startAll(): Promise<AsyncDisposableStack & { etcd: Etcd; vtctld: TestVtctld }> {
  await using failed = new AsyncDisposableStack();
  const folder = failed.use(await tempDir("vtctld"));
  const etcd = failed.use(await startEtcd());
  {
    await using topo = await openTestTopology(etcd);
    assert(topo);
  }
  const vtctld = failed.use(new TestVtctld(etcd, folder.path));
  await vtctld.start();
  return Object.assign(failed.move(), { etcd, vtctld });
}

Deno.test("vtctld and vtctl", async (t) => {
  await using all = await startAll();
  const { etcd, vtctld } = all;
  const server = `--server=${vtctld.server}`;

  await t.step(
    "vtctl prints the result, errors go to stderr with a code that says why",
    async () => {
      assert.deepEqual(await vtctl([server, "GetCellInfoNames"]), {
        code: 0,
        out: "zone1\n",
        err: "",
      });
      const unknown = await vtctl([server, "GetKeyspace", "commerce"]);
      assert.equal(unknown.code, 3);
      assert.equal(unknown.out, "");
      assert.match(unknown.err, /^GetKeyspace error: VT22003: keyspace commerce doesn't exist/);
      assert.equal((await vtctl([server, "GetKeyspace"])).code, 2);
      assert.equal((await vtctl([server, "OnlineDDL"])).code, 4);
      const json = await vtctl([server, "--json", "GetKeyspace", "commerce"]);
      assert.equal(JSON.parse(json.err).error.id, "VT22003");
    },
  );

  await t.step("vtctl reads files here and takes the server from the environment", async () => {
    await using folder = await tempDir("files");
    const file = `${folder.path}/vschema.json`;
    await Deno.writeTextFile(file, '{"tables": {"t": {}}}');
    const env = { VTCTL_SERVER: vtctld.server };
    assert.equal((await vtctl(["CreateKeyspace", "commerce"], env)).code, 0);
    const applied = await vtctl(["ApplyVSchema", "--vschema-file", file, "commerce"], env);
    assert.match(applied.out, /^New VSchema object:\n/);
    assert.equal((await vtctl(["ApplyVSchema", `--vschema=@${file}`, "commerce"], env)).code, 0);
    const missing = await vtctl(["ApplyVSchema", "--vschema-file=/no/such", "commerce"], env);
    assert.deepEqual([missing.code, missing.err], [
      2,
      "vtctl: can't read /no/such: no such file\n",
    ]);
  });

  await t.step("help needs no server", async () => {
    const list = await vtctl([]);
    assert.equal(list.code, 0);
    assert.match(list.out, /\nReparenting:\n/);
    assert.match(
      (await vtctl(["PlannedReparentShard", "--help"])).out,
      /^vtctl PlannedReparentShard: /,
    );
    const mistyped = await vtctl(["GetTablts", "--help"]);
    assert.equal(mistyped.code, 2);
    assert.match(mistyped.err, /did you mean GetTablets\?/);
  });

  await t.step("no vtctld there", async () => {
    const { code, err } = await vtctl(["--server=localhost:19", "GetKeyspaces"]);
    assert.equal(code, 5);
    assert.match(err, /vtctld can't be reached at localhost:19 .*--server HOST:PORT/);
  });

  await t.step("the API checks what it gets", async () => {
    for (
      const [name, body, status, message] of [
        ["GetKeyspaces", "", 400, /the body is no JSON/],
        ["GetKeyspaces", "[]", 400, /want {\\"args\\"/],
        ["GetKeyspaces", '{"args": [1]}', 400, /something that is no text/],
        ["GetKeyspaces", '{"args": [], "x": 1}', 400, /unknown key \\"x\\"/],
        ["GetKeyspaces", '{"args": ["--nothing"]}', 400, /unknown flag --nothing/],
        ["Nothing", '{"args": []}', 404, /unknown command/],
        ["OnlineDDL", '{"args": []}', 501, /VT12001/],
        ["ApplyVSchema", `{"args": ["${"x".repeat(17 * 1024 * 1024)}"]}`, 413, /16 MB at most/],
      ] as const
    ) {
      const [got, text] = await post(vtctld, name, body);
      assert.equal(got, status, text.slice(0, 200));
      assert.match(text, message);
    }
    const form = await post(vtctld, "GetKeyspaces", '{"args": []}', "text/plain");
    assert.equal(form[0], 400, "a page of another site can't send commands");
    const [status, text] = await post(vtctld, "GetCellInfoNames", '{"args": []}');
    assert.deepEqual([status, text], [200, '{"result":{"names":["zone1"]},"text":"zone1"}\n']);
  });

  await t.step("the API lists commands, and Vitess's read paths answer", async () => {
    const get = async (path: string): Promise<unknown> =>
      await (await fetch(`http://${vtctld.server}${path}`)).json();
    const commands = await get("/api/v1/commands");
    assert(Array.isArray(commands) && commands.length > 50);
    assert.deepEqual(await get("/api/cells/"), ["zone1"]);
    assert.deepEqual(await get("/api/keyspaces/"), ["commerce"]);
    assert.deepEqual(await get("/api/keyspace/commerce/tablets/"), []);
    assert.deepEqual(await get("/api/shards/commerce/"), []);
    assert.deepEqual(await get("/api/topology_info/"), {
      cells: ["zone1"],
      keyspaces: ["commerce"],
      tablet_types: ["PRIMARY", "REPLICA", "RDONLY"],
    });
    const absent = await fetch(`http://${vtctld.server}/api/keyspaces/nothing`);
    assert.equal(absent.status, 404);
    await absent.body?.cancel();
  });

  await t.step("a command ends when its caller leaves", async () => {
    await using topo = await openTestTopology(etcd);
    const { signal } = new AbortController();
    const lock = await lockKeyspace(topo, "commerce", "test", { signal });
    const leave = new AbortController();
    const waiting = fetch(`http://${vtctld.server}/api/v1/commands/ApplyVSchema`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ args: ["--vschema={}", "commerce"] }),
      signal: leave.signal,
    }).then((response) => response.text());
    const running = async (): Promise<number> => {
      const vars = await (await fetch(`http://${vtctld.server}/debug/vars`)).json();
      return vars.vtctld_commands_running;
    };
    await waitFor("the command to wait for the lock", async () => await running() === 1);
    leave.abort();
    await assert.rejects(waiting);
    await waitFor("the command to end", async () => await running() === 0);
    await lock[Symbol.asyncDispose]();
    assert.match(await vtctld.must("GetVSchema", "commerce"), /"t": {}/);
  });

  await t.step("one leads; another follows when it ends", async () => {
    await using folder = await tempDir("second");
    await using second = new TestVtctld(etcd, folder.path);
    const leads = async (one: TestVtctld): Promise<boolean> => {
      const vars = await (await fetch(`http://${one.server}/debug/vars`)).json();
      return vars.vtctld_leads === 1;
    };
    await waitFor("the first to lead", () => leads(vtctld));
    await second.start();
    assert.equal(await second.must("GetCellInfoNames"), "zone1");
    assert.equal(await leads(second), false);
    assert.equal(await vtctld.stop(), 0);
    await waitFor("the second to lead", () => leads(second));
  });
});

Deno.test("apply goes to the supervisor, and its words come back", async () => {
  await using folder = await tempDir("vtctld");
  await using etcd = await startEtcd();
  const got: string[] = [];
  await using supervisor = Deno.serve({ port: 0, onListen: () => {} }, async (request) => {
    const { yaml } = await request.json();
    got.push(yaml);
    const last = yaml === "bad"
      ? { error: { id: "VT22001", message: "line 1: want a map" } }
      : { done: true };
    return new Response(
      [{ line: "starting zone1-100" }, { line: "ready" }, last]
        .map((event) => `${JSON.stringify(event)}\n`).join(""),
    );
  });
  const address = `http://127.0.0.1:${supervisor.addr.port}`;
  await using vtctld = new TestVtctld(etcd, folder.path, [`--supervisor-address=${address}`]);
  await vtctld.start();
  assert.deepEqual(await vtctld.run("apply", ["--yaml", "good"]), {
    code: 0,
    text: "applied",
    lines: ["starting zone1-100", "ready"],
  });
  const { code, text } = await vtctld.run("apply", ["--yaml", "bad"]);
  assert.deepEqual([code, text], [2, "VT22001: line 1: want a map"]);
  assert.deepEqual(got, ["good", "bad"]);
  await supervisor.shutdown();
  const gone = await vtctld.run("apply", ["--yaml", "good"]);
  assert.equal(gone.code, 5);
  assert.match(gone.text, /supervisor .* is deno task cluster running\?/);
});
