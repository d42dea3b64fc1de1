/**
 * The cluster file: YAML in the shape of the Vitess operator's VitessCluster resource
 * (planetscale.com/v2), with its Secret beside it, so that files written for the operator work.
 * Keys that only mean something under Kubernetes (images, resources, ...) are accepted and listed;
 * any other key that is not known is refused by name. Four keys are ours: keyspaces[].initialSchema,
 * keyspaces[].initialVSchema, keyspaces[].mysqld and spec.initialData.
 */
import { dirname, resolve } from "node:path";
import { parseShardName, partitions, printKeyRange } from "../../shared/key/range.ts";
import type { DurabilityPolicy } from "../../shared/model/records.ts";
import type {
  CellSpec,
  ClusterSpec,
  ExternalDatastore,
  KeyspaceSpec,
  ShardSpec,
  TabletSpec,
} from "./cluster_spec.ts";
import { decodeExternalDatastore, EXTERNAL_POOL_TYPES } from "./external_datastore.ts";
import { IGNORED } from "./ignored_keys.ts";
import { equalShards, tabletUid } from "./tablet_uid.ts";
import { openYaml, type YamlCursor } from "./yaml_cursor.ts";

/** One machine runs them all. */
const TABLETS_MAX = 64;

/** Decodes a cluster file. `file` is its path, for messages and relative paths. VT22001 otherwise. */
export function parseClusterFile(file: string, text: string): ClusterSpec {
  const documents = openYaml(file, text);
  const secrets = new Map<string, YamlCursor>();
  let cluster: YamlCursor | undefined;
  for (const document of documents) {
    const kind = document.need("kind").oneOf(["VitessCluster", "Secret"]);
    if (kind === "Secret") secrets.set(document.need("metadata").need("name").string(), document);
    else if (cluster === undefined) cluster = document;
    else document.fail("a second VitessCluster; a file describes one");
  }
  const first = cluster ?? documents[0]?.fail("no resource of kind VitessCluster in the file");
  if (first === undefined) throw new Error("Unreachable: openYaml returns at least one document");
  return new Decoder(file, secrets).cluster(first);
}

class Decoder {
  readonly #file: string;
  readonly #secrets: ReadonlyMap<string, YamlCursor>;
  readonly #ignored = new Set<string>();
  #tablets = 0;

  constructor(file: string, secrets: ReadonlyMap<string, YamlCursor>) {
    this.#file = file;
    this.#secrets = secrets;
  }

  cluster(at: YamlCursor): ClusterSpec {
    this.#only(at, ["apiVersion", "kind", "metadata", "spec"], IGNORED.resource);
    const metadata = at.need("metadata");
    this.#only(metadata, ["name"], IGNORED.metadata);
    const spec = at.need("spec");
    this.#only(spec, ["cells", "keyspaces", "initialData"], IGNORED.spec);
    const cells = spec.need("cells").items().map((cell) => this.#cell(cell));
    if (cells.length === 0) spec.fail("at least one cell is needed");
    const names = new Set(cells.map((cell) => cell.name));
    const keyspaces = (spec.key("keyspaces")?.items() ?? []).map((keyspace) =>
      this.#keyspace(keyspace, names)
    );
    this.#unique(spec, "keyspace", keyspaces.map((keyspace) => keyspace.name));
    this.#unique(spec, "cell", cells.map((cell) => cell.name));
    return {
      name: nameOf(metadata.need("name")),
      cells,
      keyspaces,
      initialData: this.#path(spec.key("initialData")),
      ignored: [...this.#ignored].sort(),
    };
  }

  #cell(at: YamlCursor): CellSpec {
    this.#only(at, ["name", "gateway"], IGNORED.cell);
    const gateway = at.key("gateway");
    if (gateway !== undefined) {
      this.#only(gateway, ["replicas", "authentication"], IGNORED.gateway);
    }
    const secret = gateway?.key("authentication")?.key("static")?.key("secret");
    return {
      name: nameOf(at.need("name")),
      gates: gateway?.key("replicas")?.integer(0, 8) ?? 1,
      usersJson: this.#secret(secret),
    };
  }

  #keyspace(at: YamlCursor, cells: ReadonlySet<string>): KeyspaceSpec {
    this.#only(at, [
      "name",
      "durabilityPolicy",
      "databaseName",
      "turndownPolicy",
      "partitionings",
      "initialSchema",
      "initialVSchema",
      "mysqld",
    ], IGNORED.keyspace);
    const name = nameOf(at.need("name"));
    const layouts = at.need("partitionings").items();
    if (layouts.length < 1 || layouts.length > 2) {
      at.fail("want one partitioning, or two while a keyspace is being resharded");
    }
    let semiSync = false;
    const shards = layouts.flatMap((layout) => {
      const decoded = this.#partitioning(layout, name, cells);
      semiSync ||= decoded.semiSync;
      return decoded.shards;
    });
    this.#unique(at, `shard of ${name}`, shards.map((shard) => shard.name));
    const policy: DurabilityPolicy =
      at.key("durabilityPolicy")?.oneOf(["none", "semi_sync", "cross_cell"]) ??
        (semiSync ? "semi_sync" : "none");
    return {
      name,
      durabilityPolicy: policy,
      databaseName: at.key("databaseName")?.string(),
      mysqld: this.#program(at.key("mysqld")),
      turndownPolicy: at.key("turndownPolicy")?.oneOf(["Immediate", "RequireIdle"]) ??
        "RequireIdle",
      shards,
      initialSchema: this.#path(at.key("initialSchema")),
      initialVSchema: this.#path(at.key("initialVSchema")),
    };
  }

  #partitioning(
    at: YamlCursor,
    keyspace: string,
    cells: ReadonlySet<string>,
  ): { readonly shards: readonly ShardSpec[]; readonly semiSync: boolean } {
    this.#only(at, ["equal", "custom"]);
    const equal = at.key("equal");
    if (equal !== undefined) {
      this.#only(equal, ["parts", "shardTemplate"], ["hexWidth"]);
      const template = equal.need("shardTemplate");
      const parts = equal.need("parts").integer(1, TABLETS_MAX);
      const shards = equalShards(parts).map((name) => this.#shard(template, keyspace, name, cells));
      return { shards, semiSync: this.#semiSync(template) };
    }
    const custom = at.need("custom");
    this.#only(custom, ["shards"]);
    const items = custom.need("shards").items();
    const shards = items.map((item) => this.#customShard(item, keyspace, cells));
    if (!partitions(shards.map((shard) => parseShardName(shard.name)))) {
      custom.fail("the key ranges must cover the whole key space, each id once");
    }
    return { shards, semiSync: items.some((item) => this.#semiSync(item)) };
  }

  #customShard(at: YamlCursor, keyspace: string, cells: ReadonlySet<string>): ShardSpec {
    const range = at.need("keyRange");
    this.#only(range, ["start", "end"]);
    const text = `${range.key("start")?.string() ?? ""}-${range.key("end")?.string() ?? ""}`;
    let name: string;
    try {
      name = printKeyRange(parseShardName(text.toLowerCase()));
    } catch (error) {
      return range.fail(error instanceof Error ? error.message : String(error));
    }
    return this.#shard(at, keyspace, name, cells);
  }

  #shard(
    at: YamlCursor,
    keyspace: string,
    name: string,
    cells: ReadonlySet<string>,
  ): ShardSpec {
    this.#only(
      at,
      ["databaseInitScriptSecret", "replication", "tabletPools", "keyRange"],
      IGNORED.shard,
    );
    const pools = at.need("tabletPools").items();
    const tablets = pools.flatMap((pool) => this.#pool(pool, keyspace, name, cells));
    if (!tablets.some((tablet) => tablet.electable)) {
      at.fail(
        `shard ${keyspace}/${name} has no pool of type replica or externalmaster, so it can have no primary`,
      );
    }
    if (new Set(tablets.map(({ external }) => external === undefined)).size > 1) {
      at.fail("the pools of a shard have either all an externalDatastore or none");
    }
    const aliases = tablets.map((tablet) => `${tablet.cell}-${tablet.uid}`);
    this.#unique(at, `tablet of ${keyspace}/${name}`, aliases);
    return { name, tablets, initDbSql: this.#secret(at.key("databaseInitScriptSecret")) };
  }

  #pool(
    at: YamlCursor,
    keyspace: string,
    shard: string,
    cells: ReadonlySet<string>,
  ): readonly TabletSpec[] {
    this.#only(at, ["cell", "type", "replicas", "externalDatastore"], IGNORED.pool);
    const cell = at.need("cell").string();
    if (!cells.has(cell)) at.need("cell").fail(`cell "${cell}" is not in spec.cells`);
    const type = at.need("type").oneOf(["replica", "rdonly", ...EXTERNAL_POOL_TYPES]);
    const external = this.#external(at, type);
    const replicas = at.need("replicas").integer(0, type === "externalmaster" ? 1 : TABLETS_MAX);
    this.#tablets += replicas;
    if (this.#tablets > TABLETS_MAX) at.fail(`more than ${TABLETS_MAX} tablets on one machine`);
    return Array.from({ length: replicas }, (_, i) => ({
      cell,
      uid: tabletUid(cell, keyspace, shard, type, i + 1),
      type: type.endsWith("rdonly") ? "rdonly" : "replica",
      external,
      electable: type === "replica" || type === "externalmaster",
    }));
  }

  #external(pool: YamlCursor, type: string): ExternalDatastore | undefined {
    const at = pool.key("externalDatastore");
    const isExternal = type.startsWith("external");
    if (isExternal && at === undefined) {
      pool.fail(`a pool of type ${type} has an externalDatastore`);
    }
    if (!isExternal) {
      at?.fail(`a pool of type ${type} has none; want ${EXTERNAL_POOL_TYPES.join(", ")}`);
    }
    if (at === undefined) return undefined;
    return decodeExternalDatastore(at, (reference) => this.#need(reference));
  }

  #semiSync(template: YamlCursor): boolean {
    const replication = template.key("replication");
    if (replication === undefined) return false;
    this.#only(replication, ["enforceSemiSync"], IGNORED.replication);
    return replication.key("enforceSemiSync")?.boolean() ?? false;
  }

  #secret(reference: YamlCursor | undefined): string | undefined {
    return reference === undefined ? undefined : this.#need(reference);
  }

  #need(reference: YamlCursor): string {
    this.#only(reference, ["name", "key"]);
    const name = reference.need("name").string();
    const key = reference.need("key").string();
    const secret = this.#secrets.get(name) ??
      reference.fail(`no resource of kind Secret named "${name}" in the file`);
    const content = secret.need("stringData").key(key) ??
      reference.fail(`the Secret "${name}" has no key "${key}"`);
    return content.string();
  }

  #path(at: YamlCursor | undefined): string | undefined {
    return at === undefined ? undefined : resolve(dirname(this.#file), at.string());
  }

  /** A name without a folder is looked for on PATH. */
  #program(at: YamlCursor | undefined): string | undefined {
    return at?.string().includes("/") === true ? this.#path(at) : at?.string();
  }

  #only(at: YamlCursor, used: readonly string[], ignored: readonly string[] = []): void {
    at.only(used, ignored);
    for (const key of at.keys()) {
      if (ignored.includes(key)) this.#ignored.add(at.path === "" ? key : `${at.path}.${key}`);
    }
  }

  #unique(at: YamlCursor, what: string, names: readonly string[]): void {
    const twice = names.find((name, i) => names.indexOf(name) !== i);
    if (twice !== undefined) at.fail(`${what} "${twice}" is there twice`);
  }
}

function nameOf(at: YamlCursor): string {
  const name = at.string();
  if (!/^[A-Za-z0-9_][A-Za-z0-9_-]{0,62}$/.test(name)) {
    at.fail(`"${name}" is no name: letters, digits, _ and -, at most 63`);
  }
  return name;
}
