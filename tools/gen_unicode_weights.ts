/**
 * Writes shared/vindex/unicode_weights_data.ts: the primary collation weights of Unicode 6.2.0 /
 * CLDR 23 (root), which the unicode_loose vindexes hash. Vitess takes them from Go's
 * golang.org/x/text/collate; this tool reads the same tables (BSD licence) as Debian ships them:
 *
 *     apt-get download golang-golang-x-text-dev && dpkg-deb -x golang-golang-x-text-dev_*.deb x
 *     deno run --allow-read --allow-write tools/gen_unicode_weights.ts \
 *       x/usr/share/gocode/src/golang.org/x/text/collate/tables.go
 *
 * Form of the Go tables: a trie over UTF-8 bytes gives a 32-bit word a character, which is a
 * collation element, or points to an expansion or a contraction, or says "decompose (NFKD)".
 */

/** A collation element as far as level 1 needs it: primary weight and combining class. */
type Element = number;
const element = (primary: number, combiningClass: number): Element =>
  primary * 256 + combiningClass;

interface Contraction {
  readonly suffix: string;
  readonly elements: readonly Element[];
}

interface GoTables {
  readonly values: readonly number[];
  readonly lookup: readonly number[];
  readonly expansions: readonly number[];
  readonly contractions: readonly number[];
  readonly trie: readonly { l: number; h: number; n: number; i: number }[];
}

/** Root's offset into the look-up table, in blocks of 64 (`locales[0]`, "und"). */
const ROOT_LOOKUP = 0x15 * 64;
const CONTRACTION_MIN = 0xb0000000;
const EXPANSION_MIN = 0xe0000000;
const DECOMPOSE_MIN = 0xf0000000;
const NO_INDEX = 0xff;

function readTables(source: string): GoTables {
  const version = /const UnicodeVersion = "(.*)"/.exec(source)?.[1];
  const cldr = /const CLDRVersion = "(.*)"/.exec(source)?.[1];
  if (version !== "6.2.0" || cldr !== "23") {
    throw new Error(`Want Unicode 6.2.0 and CLDR 23, got ${version} and ${cldr}`);
  }
  const trie = [
    ...arrayBody(source, "mainCTEntries").matchAll(/\{0x(\w+), 0x(\w+), (\d+), (\d+)\}/g),
  ]
    .map(([, l = "", h = "", n = "", i = ""]) => ({
      l: Number.parseInt(l, 16),
      h: Number.parseInt(h, 16),
      n: Number(n),
      i: Number(i),
    }));
  return {
    values: readIndexed(source, "mainValues"),
    lookup: readIndexed(source, "mainLookup"),
    expansions: readPlain(source, "mainExpandElem"),
    contractions: readPlain(source, "mainContractElem"),
    trie,
  };
}

function arrayBody(source: string, name: string): string {
  const start = source.indexOf(`var ${name} = [`);
  if (start < 0) throw new Error(`No array ${name}`);
  return source.slice(source.indexOf("{\n", start), source.indexOf("\n}", start));
}

function readIndexed(source: string, name: string): number[] {
  const out: number[] = [];
  for (const [, at = "", value = ""] of arrayBody(source, name).matchAll(/0x(\w+):\s*0x(\w+)/g)) {
    out[Number.parseInt(at, 16)] = Number.parseInt(value, 16);
  }
  return out;
}

function readPlain(source: string, name: string): number[] {
  const body = arrayBody(source, name).replace(/\/\/.*/g, "");
  return [...body.matchAll(/0x(\w+)/g)].map(([, hex = ""]) => Number.parseInt(hex, 16));
}

function word(tables: GoTables, codePoint: number): number {
  const bytes = new TextEncoder().encode(String.fromCodePoint(codePoint));
  const first = bytes[0] ?? 0;
  if (bytes.length === 1) return tables.values[first] ?? 0;
  let block = tables.lookup[ROOT_LOOKUP + first] ?? 0;
  for (const byte of bytes.subarray(1, -1)) block = tables.lookup[block * 64 + byte] ?? 0;
  return tables.values[block * 64 + (bytes.at(-1) ?? 0)] ?? 0;
}

/** The bit layouts of an element: see the comment on Elem in x/text's colltab. */
function decodeElement(raw: number): Element {
  const combiningClass = raw < 0x80000000
    ? 0
    : raw >= 0xa0000000
    ? (raw >>> 20) & 0xff
    : (raw >>> 16) & 0xff;
  const primary = raw < 0x80000000 ? (raw & 0x3ffffe00) >>> 9 : raw > 0xa0000000 ? 0 : raw & 0xffff;
  return element(primary, combiningClass);
}

function expansion(tables: GoTables, raw: number): Element[] {
  const at = raw & 0xffff;
  const count = tables.expansions[at] ?? 0;
  return tables.expansions.slice(at + 1, at + 1 + count).map(decodeElement);
}

function contractionElements(tables: GoTables, at: number): Element[] {
  const raw = tables.contractions[at] ?? 0;
  return raw < CONTRACTION_MIN ? [decodeElement(raw)] : expansion(tables, raw);
}

/** All suffixes after a character that starts contractions; "" is the character alone. */
function contractionsOf(tables: GoTables, raw: number): Contraction[] {
  const size = raw & 0xf;
  const start = (raw >>> 4) & 0xfff;
  const offset = (raw >>> 16) & 0x1fff;
  const out: Contraction[] = [{ suffix: "", elements: contractionElements(tables, offset) }];
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const add = (bytes: number[], index: number) =>
    out.push({
      suffix: decoder.decode(new Uint8Array(bytes)),
      elements: contractionElements(tables, offset + index),
    });
  const walk = (node: number, count: number, prefix: number[]) => {
    for (let k = 0; k < count; k++) {
      const entry = tables.trie[node + k];
      if (entry === undefined) throw new Error("Contraction trie ends early");
      if (entry.n === 0) {
        for (let byte = entry.l; byte <= entry.h; byte++) {
          add([...prefix, byte], entry.i + byte - entry.l);
        }
        continue;
      }
      const path = [...prefix, entry.l];
      if (entry.i !== NO_INDEX) add(path, entry.i);
      walk(node + entry.h + count, entry.n, path);
    }
  };
  walk(start, size, []);
  return out;
}

/** The elements of each character of the NFKD text. */
function decomposed(tables: GoTables, codePoint: number): Element[] {
  const out: Element[] = [];
  const text = String.fromCodePoint(codePoint).normalize("NFKD");
  let at = 0;
  for (const char of text) {
    at += char.length;
    const part = char.codePointAt(0) ?? 0;
    const raw = word(tables, part);
    if (raw >= DECOMPOSE_MIN) throw new Error(`Decomposition of ${codePoint} isn't final`);
    if (raw === 0) out.push(implicitIdeograph(part));
    else if (raw >= EXPANSION_MIN) out.push(...expansion(tables, raw));
    else if (raw >= CONTRACTION_MIN) {
      const [alone, ...longer] = contractionsOf(tables, raw);
      if (longer.some(({ suffix }) => text.startsWith(suffix, at))) {
        throw new Error(`Decomposition of ${codePoint} has a contraction`);
      }
      out.push(...alone?.elements ?? []);
    } else out.push(decodeElement(raw));
  }
  return out;
}

/** Ideographs are not in the table; others don't occur in decompositions. */
function implicitIdeograph(codePoint: number): Element {
  if (codePoint < 0x4e00 || codePoint > 0x9fff) {
    throw new Error(`No weights for ${codePoint.toString(16)}`);
  }
  return element(codePoint + 0x10000, 0);
}

class VarintWriter {
  readonly #bytes: number[] = [];

  unsigned(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes.push((rest & 0x7f) | 0x80);
      rest = Math.floor(rest / 128);
    }
    this.#bytes.push(rest);
  }

  /** Zigzag. */
  signed(value: number): void {
    this.unsigned(value < 0 ? -2 * value - 1 : 2 * value);
  }

  base64(): string {
    return new Uint8Array(this.#bytes).toBase64();
  }
}

/** Count, then for each element the difference of primaries and, when it has one, the class. */
function writeElements(out: VarintWriter, elements: readonly Element[], last: number): number {
  let previous = last;
  for (const item of elements) {
    const primary = Math.floor(item / 256);
    const combiningClass = item % 256;
    const delta = primary - previous;
    out.unsigned((delta < 0 ? -2 * delta - 1 : 2 * delta) * 2 + (combiningClass === 0 ? 0 : 1));
    if (combiningClass !== 0) out.unsigned(combiningClass);
    previous = primary;
  }
  return previous;
}

/** The canonical combining class of every character, found through the order NFD gives to pairs. */
function combiningClasses(): Map<number, number> {
  const references: readonly (readonly [number, number])[] = [
    [1, 0x334],
    [6, 0x16ff0],
    [7, 0x93c],
    [8, 0x3099],
    [9, 0x94d],
    [10, 0x5b0],
    [11, 0x5b1],
    [12, 0x5b2],
    [13, 0x5b3],
    [14, 0x5b4],
    [15, 0x5b5],
    [16, 0x5b6],
    [17, 0x5b7],
    [18, 0x5b8],
    [19, 0x5b9],
    [20, 0x5bb],
    [21, 0x5bc],
    [22, 0x5bd],
    [23, 0x5bf],
    [24, 0x5c1],
    [25, 0x5c2],
    [26, 0xfb1e],
    [27, 0x64b],
    [28, 0x64c],
    [29, 0x64d],
    [30, 0x64e],
    [31, 0x64f],
    [32, 0x650],
    [33, 0x651],
    [34, 0x652],
    [35, 0x670],
    [36, 0x711],
    [84, 0xc55],
    [91, 0xc56],
    [103, 0xe38],
    [107, 0xe48],
    [118, 0xeb8],
    [122, 0xec8],
    [129, 0xf71],
    [130, 0xf72],
    [132, 0xf74],
    [202, 0x321],
    [214, 0x1dce],
    [216, 0x31b],
    [218, 0x302a],
    [220, 0x316],
    [222, 0x59a],
    [224, 0x302e],
    [226, 0x1d16d],
    [228, 0x5ae],
    [230, 0x300],
    [232, 0x315],
    [233, 0x35c],
    [234, 0x360],
    [240, 0x345],
  ];
  const swaps = (a: number, b: number) => {
    const pair = String.fromCodePoint(a, b);
    return pair.normalize("NFD") !== pair;
  };
  const out = new Map<number, number>();
  for (let cp = 0x300; cp < 0x20000; cp++) {
    const text = String.fromCodePoint(cp);
    if ((cp >= 0xd800 && cp < 0xe000) || text.normalize("NFD") !== text) continue;
    if (!swaps(0x345, cp) && !swaps(cp, 0x334)) continue;
    const found = references.find(([, mark]) => !swaps(cp, mark) && !swaps(mark, cp));
    if (found === undefined) throw new Error(`No combining class for ${cp.toString(16)}`);
    out.set(cp, found[0]);
  }
  return out;
}

function main(path: string): void {
  const tables = readTables(Deno.readTextFileSync(path));
  const single = new VarintWriter();
  const contractions: string[] = [];
  let previousCodePoint = 0;
  let previous = 0;
  for (let cp = 0; cp < 0x110000; cp++) {
    if (cp >= 0xd800 && cp < 0xe000) continue;
    const raw = word(tables, cp);
    if (raw === 0) continue;
    let elements: readonly Element[];
    if (raw >= DECOMPOSE_MIN) elements = decomposed(tables, cp);
    else if (raw >= EXPANSION_MIN) elements = expansion(tables, raw);
    else if (raw >= CONTRACTION_MIN) {
      const all = contractionsOf(tables, raw);
      elements = all[0]?.elements ?? [];
      for (const { suffix, elements: weights } of all.slice(1)) {
        const hex = [cp, ...[...suffix].map((c) => c.codePointAt(0) ?? 0)].map((c) =>
          c.toString(16)
        );
        contractions.push(`${hex.join("+")}:${weights.map((w) => w.toString(16)).join(",")}`);
      }
    } else elements = [decodeElement(raw)];
    single.unsigned(cp - previousCodePoint);
    single.unsigned(elements.length);
    previous = writeElements(single, elements, previous);
    previousCodePoint = cp;
  }
  const classes = new VarintWriter();
  let lastMark = 0;
  for (const [cp, combiningClass] of combiningClasses()) {
    classes.unsigned(cp - lastMark);
    classes.unsigned(combiningClass);
    lastMark = cp;
  }
  Deno.writeTextFileSync(
    new URL("../shared/vindex/unicode_weights_data.ts", import.meta.url),
    `// Generated by tools/gen_unicode_weights.ts from golang.org/x/text/collate (BSD-3-Clause,
// Copyright The Go Authors; data of Unicode 6.2.0 and CLDR 23). Don't edit.
// deno-fmt-ignore-file

/** Varints: code point difference, count, then the elements (unicode_weights.ts). */
export const SINGLE_BASE64 =
  "${single.base64()}";

/** "code points joined by +:elements joined by commas", hexadecimal, separated by spaces. */
export const CONTRACTIONS =
  "${contractions.join(" ")}";

/** Varints: code point difference, canonical combining class. */
export const COMBINING_CLASSES_BASE64 =
  "${classes.base64()}";
`,
  );
}

const [path] = Deno.args;
if (path === undefined) throw new Error("Usage: gen_unicode_weights.ts PATH/collate/tables.go");
main(path);
