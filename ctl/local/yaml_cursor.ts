/**
 * Reads YAML by hand, so that each mistake is reported with its file, line and path: a cursor
 * stands on one node and knows where that is.
 */
import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseAllDocuments } from "yaml";
import { vtError } from "../../shared/error/errors.ts";

/** Nodes of a file may nest this deep; real cluster files stay below 20. */
const DEPTH_MAX = 60;

export class YamlCursor {
  readonly #file: string;
  readonly #lines: LineCounter;
  readonly #node: Node | null;
  readonly #parent: Node | null;
  readonly path: string;

  constructor(
    file: string,
    lines: LineCounter,
    node: Node | null,
    path: string,
    parent: Node | null,
  ) {
    this.#file = file;
    this.#lines = lines;
    this.#node = node;
    this.#parent = parent;
    this.path = path;
  }

  /** 1-based line of this node. */
  get line(): number {
    const offset = this.#node?.range?.[0] ?? this.#parent?.range?.[0] ?? 0;
    return this.#lines.linePos(offset).line;
  }

  /** VT22001 with file, line and path. */
  fail(what: string): never {
    throw vtError("VT22001", `${this.#file}:${this.line}: ${this.path || "document"}: ${what}`);
  }

  /** The value under `key`, or undefined when it is absent or null. */
  key(key: string): YamlCursor | undefined {
    if (!isMap(this.#node)) this.fail(`expected a mapping with "${key}"`);
    const value = this.#node.get(key, true) as Node | undefined;
    if (value === undefined || (isScalar(value) && value.value === null)) return undefined;
    return this.#at(value, this.path === "" ? key : `${this.path}.${key}`);
  }

  /** The value under `key`; fails when it is absent. */
  need(key: string): YamlCursor {
    return this.key(key) ?? this.fail(`"${key}" is missing`);
  }

  /** The elements of a list. */
  items(): readonly YamlCursor[] {
    if (!isSeq(this.#node)) this.fail("expected a list");
    return this.#node.items.map((item, i) => this.#at(item as Node, `${this.path}[${i}]`));
  }

  /** The keys of a mapping, in order. */
  keys(): readonly string[] {
    if (!isMap(this.#node)) this.fail("expected a mapping");
    return this.#node.items.map((pair) => String(isScalar(pair.key) ? pair.key.value : pair.key));
  }

  /** Fails on a key that is neither in `used` nor in `ignored`. */
  only(used: readonly string[], ignored: readonly string[] = []): void {
    for (const key of this.keys()) {
      if (used.includes(key) || ignored.includes(key)) continue;
      const at = this.key(key) ?? this;
      at.fail(`unknown key "${key}"; known here: ${[...used, ...ignored].sort().join(", ")}`);
    }
  }

  string(): string {
    if (!isScalar(this.#node) || typeof this.#node.value !== "string") {
      this.fail("expected a text (quote it, if it looks like a number)");
    }
    return this.#node.value;
  }

  integer(min: number, max: number): number {
    const value = isScalar(this.#node) ? this.#node.value : undefined;
    if (typeof value !== "number" || !Number.isInteger(value) || value < min || value > max) {
      this.fail(`expected a whole number from ${min} to ${max}`);
    }
    return value;
  }

  boolean(): boolean {
    const value = isScalar(this.#node) ? this.#node.value : undefined;
    if (typeof value !== "boolean") this.fail("expected true or false");
    return value;
  }

  oneOf<const T extends string>(choices: readonly T[]): T {
    const text = this.string();
    return choices.find((choice) => choice === text) ??
      this.fail(`"${text}" is none of ${choices.join(", ")}`);
  }

  #at(node: Node, path: string): YamlCursor {
    if (isAlias(node)) this.fail("aliases (*name) are not supported here; write the value out");
    if (path.split(/[.[]/).length > DEPTH_MAX) this.fail("nested too deeply");
    return new YamlCursor(this.#file, this.#lines, node, path, this.#node);
  }
}

/** A cursor on each document of a YAML file. VT22001 names the line of a syntax error. */
export function openYaml(file: string, text: string): readonly YamlCursor[] {
  const lines = new LineCounter();
  const parsed = parseAllDocuments(text, { lineCounter: lines, uniqueKeys: true });
  if (!Array.isArray(parsed)) throw vtError("VT22001", `${file}:1: the file is empty`);
  const documents = parsed.filter((document) => document.contents !== null);
  for (const document of parsed) {
    const error = document.errors[0];
    if (error === undefined) continue;
    const { line, col } = lines.linePos(error.pos[0]);
    const cause = error.message.split("\n")[0]?.replace(/ at line \d+, column \d+:?$/, "") ?? "";
    throw vtError("VT22001", `${file}:${line}:${col}: not valid YAML: ${cause}`);
  }
  if (documents.length === 0) throw vtError("VT22001", `${file}:1: the file is empty`);
  return documents.map((document) =>
    new YamlCursor(file, lines, document.contents as unknown as Node, "", null)
  );
}
