import { CELL_INFO, CELLS_ALIAS } from "../shared/model/record_json.ts";
import type { CellInfo, CellsAlias } from "../shared/model/records.ts";
import { vtError } from "../shared/error/errors.ts";
import { cellInfoPath, CELLS, CELLS_ALIASES, cellsAliasPath, TABLETS } from "./paths.ts";
import { deleteIfThere, ensureRecord, listNames, listRecords, updateRecord } from "./records.ts";
import type { Call } from "./store.ts";
import { readRecord, type Topology } from "./topology.ts";

export function listCells(topo: Topology, call: Call): Promise<readonly string[]> {
  return listNames(topo.global, CELLS, "CellInfo", call);
}

export async function getCell(topo: Topology, cell: string, call: Call): Promise<CellInfo> {
  return (await readRecord(topo.global, cellInfoPath(cell), CELL_INFO, call)).record;
}

/** VT21002 when it exists. */
export async function createCell(
  topo: Topology,
  cell: string,
  info: CellInfo,
  call: Call,
): Promise<void> {
  await topo.global.create(cellInfoPath(cell), CELL_INFO.encode(info), call);
}

/** True when this call created it; an existing cell stays as it is. */
export function ensureCell(
  topo: Topology,
  cell: string,
  info: CellInfo,
  call: Call,
): Promise<boolean> {
  return ensureRecord(topo.global, cellInfoPath(cell), CELL_INFO, info, call);
}

export async function updateCell(
  topo: Topology,
  cell: string,
  change: (info: CellInfo) => CellInfo | undefined,
  call: Call,
): Promise<CellInfo> {
  const info = await updateRecord(topo.global, cellInfoPath(cell), CELL_INFO, change, call);
  topo.forgetCell(cell);
  return info;
}

/** VT21010 while tablets are registered in it, unless forced. */
export async function deleteCell(
  topo: Topology,
  cell: string,
  options: Call & { readonly force: boolean },
): Promise<void> {
  if (!options.force) {
    const store = await topo.cell(cell, options);
    if ((await store.list(TABLETS, options)).length > 0) throw vtError("VT21010", `cells/${cell}`);
  }
  await topo.global.delete(cellInfoPath(cell), undefined, options);
  topo.forgetCell(cell);
}

export function listCellsAliases(
  topo: Topology,
  call: Call,
): Promise<ReadonlyMap<string, CellsAlias>> {
  return listRecords(topo.global, CELLS_ALIASES, "CellsAlias", CELLS_ALIAS, call);
}

/** Creates or replaces. */
export async function saveCellsAlias(
  topo: Topology,
  alias: string,
  record: CellsAlias,
  call: Call,
): Promise<void> {
  await topo.global.put(cellsAliasPath(alias), CELLS_ALIAS.encode(record), undefined, call);
}

/** No error when it is gone already. */
export function deleteCellsAlias(topo: Topology, alias: string, call: Call): Promise<void> {
  return deleteIfThere(topo.global, cellsAliasPath(alias), call);
}
