/** Tablet names, types and targets, and their texts as Vitess prints them. */

export const TABLET_TYPES = [
  "unknown",
  "primary",
  "replica",
  "rdonly",
  "spare",
  "experimental",
  "backup",
  "restore",
  "drained",
] as const;
export type TabletType = (typeof TABLET_TYPES)[number];

/** The types that take queries (proto/topodata.proto). */
export const SERVING_TYPES: ReadonlySet<TabletType> = new Set<TabletType>([
  "primary",
  "replica",
  "rdonly",
]);

export interface TabletAlias {
  readonly cell: string;
  /** 32 bits, printed with ten digits. */
  readonly uid: number;
}

/** What a query is for. `shard` is a shard name: "-80", "-" or "0". */
export interface Target {
  readonly keyspace: string;
  readonly shard: string;
  readonly tabletType: TabletType;
  /** Only this tablet of the shard. The gate picks it; a request says no more than the rest. */
  readonly tablet?: TabletAlias;
}

/** "zone1-0000000100". */
export function printTabletAlias(alias: TabletAlias): string {
  return `${alias.cell}-${String(alias.uid).padStart(10, "0")}`;
}

/** Reads "zone1-0000000100" and the unpadded "zone1-100". SyntaxError otherwise. */
export function parseTabletAlias(text: string): TabletAlias {
  const match = /^([A-Za-z0-9_][A-Za-z0-9_.-]*)-([0-9]{1,10})$/.exec(text);
  const cell = match?.[1];
  const uid = Number(match?.[2]);
  if (cell === undefined || !(uid <= 0xffff_ffff)) {
    throw new SyntaxError(`Cannot parse tablet alias "${text}": want CELL-UID, as in zone1-100`);
  }
  return { cell, uid };
}

/** Reads a tablet type in any case, and the old names master and batch. */
export function parseTabletType(text: string): TabletType {
  const lower = text.toLowerCase();
  if (lower === "master") return "primary";
  if (lower === "batch" || lower === "readonly") return "rdonly";
  const type = TABLET_TYPES.find((name) => name === lower);
  if (type === undefined) throw new SyntaxError(`Cannot parse tablet type "${text}"`);
  return type;
}

/** "commerce:-80@replica", the form that `use` takes. */
export function printTarget(target: Target): string {
  return `${target.keyspace}:${target.shard}@${target.tabletType}`;
}
