/**
 * Level-1 collation keys as the unicode_loose vindexes hash them: the primary weights of Unicode
 * 6.2.0 / CLDR 23 (root). Letter case, accents and control characters carry no primary weight, so
 * "Tést" and "TEST" have one key.
 *
 * The order of elements follows the text as if it were in NFD, without normalising it: composed
 * letters have table entries of their own, marks are sorted by combining class in passing, and a
 * contraction may skip over marks that don't block it (UTS #10, S2.1.1 to S2.1.3).
 *
 * Characters without a weight in the table (ideographs, whatever is newer than Unicode 6.2) get
 * an implicit one from their code point. Combining classes are those of the runtime that generated
 * the data: they differ from Vitess's only for marks newer than Unicode 15.
 */
import { COMBINING_CLASSES_BASE64, CONTRACTIONS, SINGLE_BASE64 } from "./unicode_weights_data.ts";

/** primary * 256 + combining class. */
type Element = number;

/** A node of the contraction trie: what follows the characters so far. */
interface Node {
  elements: readonly Element[] | undefined;
  readonly next: Map<number, Node>;
}

interface Table {
  /** Offset of a code point's elements << 4 | their count; 0: not in the table. */
  readonly index: Uint32Array;
  readonly elements: Uint32Array;
  readonly contractions: ReadonlyMap<number, Node>;
  readonly combiningClasses: ReadonlyMap<number, number>;
  /** Primary weight of each ASCII character. */
  readonly ascii: Uint16Array;
}

const TABLE_END = 0x30000;
/** Weights up to here take two bytes of a key, others three with the top bit set. */
const SHORT_WEIGHT_MAX = 0x7fff;
/** A sequence of marks longer than this is cut (stream-safe text has no such). */
const MARKS_MAX = 30;

let table: Table | undefined;

/** Decoded on first use: some 10 ms, 1 MB. */
function loaded(): Table {
  table ??= load();
  return table;
}

/** The key of a text given as code points, without its trailing spaces (U+0020). */
export function primaryWeights(codePoints: readonly number[]): Uint8Array {
  let length = codePoints.length;
  while (length > 0 && codePoints[length - 1] === 0x20) length--;
  const data = loaded();
  return asciiKey(data, codePoints, length) ?? new Collator(data, codePoints, length).key();
}

/** The fast way for ASCII: no marks, no contractions start or end there. */
function asciiKey(
  data: Table,
  codePoints: readonly number[],
  length: number,
): Uint8Array | undefined {
  const out = new Uint8Array(2 * length);
  let size = 0;
  for (let i = 0; i < length; i++) {
    const codePoint = codePoints[i] ?? 0;
    if (codePoint >= 0x80) return undefined;
    const weight = data.ascii[codePoint] ?? 0;
    if (weight === 0) continue;
    out[size++] = weight >> 8;
    out[size++] = weight;
  }
  return out.subarray(0, size);
}

class Collator {
  readonly #table: Table;
  readonly #text: readonly number[];
  readonly #length: number;
  #at = 0;
  /** Elements read but not yet given out: marks wait here for their order. */
  #pending: Element[] = [];

  constructor(data: Table, text: readonly number[], length: number) {
    this.#table = data;
    this.#text = text;
    this.#length = length;
  }

  key(): Uint8Array {
    const out: number[] = [];
    for (;;) {
      const segment = this.#nextSegment();
      if (segment === 0) return new Uint8Array(out);
      for (const element of this.#pending.splice(0, segment)) pushWeight(out, element >>> 8);
    }
  }

  /** How many pending elements are in their final order; 0 at the end of the text. */
  #nextSegment(): number {
    const pending = this.#pending;
    if (pending.length === 0 && !this.#read()) return 0;
    let previousClass = (pending.at(-1) ?? 0) & 0xff;
    if (previousClass === 0) return pending.length;
    if (((pending[0] ?? 0) & 0xff) === 0) {
      return pending.findIndex((element) => (element & 0xff) !== 0);
    }
    for (;;) {
      const before = pending.length;
      if (!this.#read()) return pending.length;
      const combiningClass = (pending[before] ?? 0) & 0xff;
      if (combiningClass === 0 || pending.length > MARKS_MAX) return before;
      if (combiningClass < previousClass) moveDown(pending, before, combiningClass);
      else previousClass = combiningClass;
    }
  }

  /** Appends the elements of the next character or contraction. False at the end. */
  #read(): boolean {
    if (this.#at >= this.#length) return false;
    const codePoint = this.#text[this.#at++] ?? 0;
    const node = this.#table.contractions.get(codePoint);
    if (node === undefined) pushElements(this.#table, this.#pending, codePoint);
    else this.#contraction(codePoint, node);
    return true;
  }

  #contraction(first: number, start: Node): void {
    const text = this.#text;
    const scan = new Scan(text, this.#at, start);
    let at = scan.advance(this.#at, this.#length);
    const gap: number[] = [];
    let gapKept = 0;
    if (!scan.done && at < this.#length && (text[at] ?? 0) >= 0x80) {
      let gapStart = at;
      const mark = text[at++] ?? 0;
      if (this.#leadClass(mark) !== 0) {
        let previous = this.#trailClass(mark);
        const end = this.#nextStarter(at);
        while (at < this.#length && !scan.done && (text[at] ?? 0) >= 0x80) {
          const combiningClass = this.#leadClass(text[at] ?? 0);
          if (combiningClass === 0 || previous >= combiningClass) break;
          previous = this.#trailClass(text[at] ?? 0);
          const next = scan.advance(at, end);
          if (next === at) {
            at++;
            continue;
          }
          gap.push(...text.slice(gapStart, at));
          if (scan.matchEnd === next) gapKept = gap.length;
          at = gapStart = next;
        }
      }
    }
    if (scan.matched === undefined) pushElements(this.#table, this.#pending, first);
    else this.#pending.push(...scan.matched);
    this.#at = scan.matchEnd;
    for (const mark of gap.slice(0, gapKept)) pushElements(this.#table, this.#pending, mark);
  }

  #nextStarter(from: number): number {
    let at = from;
    while (at < this.#length && this.#leadClass(this.#text[at] ?? 0) !== 0) at++;
    return at;
  }

  /** Combining class of the first character of the NFD form. */
  #leadClass(codePoint: number): number {
    return this.#classOf(codePoint, 0);
  }

  #trailClass(codePoint: number): number {
    return this.#classOf(codePoint, -1);
  }

  #classOf(codePoint: number, position: 0 | -1): number {
    const direct = this.#table.combiningClasses.get(codePoint);
    if (direct !== undefined) return direct;
    const form = [...String.fromCodePoint(codePoint).normalize("NFD")];
    return this.#table.combiningClasses.get(form.at(position)?.codePointAt(0) ?? 0) ?? 0;
  }
}

/** A walk down the contraction trie that may be continued after a gap. */
class Scan {
  readonly #text: readonly number[];
  #node: Node;
  done = false;
  /** Elements of the longest contraction so far; undefined: the first character alone. */
  matched: readonly Element[] | undefined;
  /** Where it ends. */
  matchEnd: number;

  constructor(text: readonly number[], at: number, start: Node) {
    this.#text = text;
    this.#node = start;
    this.matchEnd = at;
  }

  /** Goes on from `at` as far as characters fit; gives where that ends. */
  advance(from: number, end: number): number {
    let at = from;
    while (at < end) {
      const next = this.#node.next.get(this.#text[at] ?? 0);
      if (next === undefined) return at;
      at++;
      this.#node = next;
      if (next.elements !== undefined) {
        this.matched = next.elements;
        this.matchEnd = at;
      }
      if (next.next.size === 0) {
        this.done = true;
        return at;
      }
    }
    return at;
  }
}

function moveDown(elements: Element[], from: number, combiningClass: number): void {
  let to = from;
  while (to > 1 && combiningClass < ((elements[to - 1] ?? 0) & 0xff)) to--;
  elements.splice(to, 0, ...elements.splice(from));
}

function pushElements(data: Table, out: Element[], codePoint: number): void {
  const entry = codePoint < TABLE_END ? data.index[codePoint] ?? 0 : 0;
  if (entry !== 0) {
    const start = entry >>> 4;
    for (let i = start; i < start + (entry & 15); i++) out.push(data.elements[i] ?? 0);
  } else if (codePoint >= HANGUL_FIRST && codePoint <= HANGUL_LAST) {
    const jamo = String.fromCodePoint(codePoint).normalize("NFD");
    for (let i = 0; i < jamo.length; i++) pushElements(data, out, jamo.charCodeAt(i));
  } else {
    out.push(implicitPrimary(codePoint) * 256);
  }
}

const HANGUL_FIRST = 0xac00;
const HANGUL_LAST = 0xd7a3;

/** Ideographic=Yes of Unicode 15, beyond the common block. */
// deno-fmt-ignore
const IDEOGRAPHS: readonly (readonly [first: number, last: number])[] = [
  [0x3006, 0x3007], [0x3021, 0x3029], [0x3038, 0x303a], [0x3400, 0x4dbf], [0x16fe4, 0x16fe4],
  [0x17000, 0x187f7], [0x18800, 0x18cd5], [0x18d00, 0x18d08], [0x1b170, 0x1b2fb],
  [0x20000, 0x2a6df], [0x2a700, 0x2b739], [0x2b740, 0x2b81d], [0x2b820, 0x2cea1],
  [0x2ceb0, 0x2ebe0], [0x2f800, 0x2fa1d], [0x30000, 0x3134a], [0x31350, 0x323af],
];

function implicitPrimary(codePoint: number): number {
  const common = (codePoint >= 0x4e00 && codePoint <= 0x9fff) ||
    (codePoint >= 0xf900 && codePoint <= 0xfa6d) || (codePoint >= 0xfa70 && codePoint <= 0xfad9);
  if (common) return codePoint + 0x10000;
  const rare = IDEOGRAPHS.some(([first, last]) => codePoint >= first && codePoint <= last);
  return codePoint + (rare ? 0x20000 : 0x50000);
}

function pushWeight(out: number[], primary: number): void {
  if (primary === 0) return;
  if (primary > SHORT_WEIGHT_MAX) out.push((primary >> 16) | 0x80);
  out.push((primary >> 8) & 0xff, primary & 0xff);
}

// Decoding of the generated data.

class VarintReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(base64: string) {
    this.#bytes = Uint8Array.fromBase64(base64);
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  unsigned(): number {
    let value = 0;
    for (let scale = 1;; scale *= 128) {
      const byte = this.#bytes[this.#at++] ?? 0;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  }
}

function load(): Table {
  const index = new Uint32Array(TABLE_END);
  const elements: Element[] = [];
  const reader = new VarintReader(SINGLE_BASE64);
  let codePoint = 0;
  let primary = 0;
  while (!reader.done) {
    codePoint += reader.unsigned();
    const count = reader.unsigned();
    index[codePoint] = (elements.length << 4) | count;
    for (let i = 0; i < count; i++) {
      const packed = reader.unsigned();
      const zigzag = Math.floor(packed / 2);
      primary += zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
      elements.push(primary * 256 + (packed % 2 === 0 ? 0 : reader.unsigned()));
    }
  }
  const ascii = new Uint16Array(0x80);
  for (let i = 0; i < 0x80; i++) ascii[i] = (elements[(index[i] ?? 0) >>> 4] ?? 0) >>> 8;
  return {
    index,
    elements: new Uint32Array(elements),
    contractions: loadContractions(),
    combiningClasses: loadCombiningClasses(),
    ascii,
  };
}

function loadContractions(): ReadonlyMap<number, Node> {
  const roots = new Map<number, Node>();
  for (const entry of CONTRACTIONS.split(" ")) {
    const [path = "", weights = ""] = entry.split(":");
    let level = roots;
    let node: Node | undefined;
    for (const hex of path.split("+")) {
      const codePoint = Number.parseInt(hex, 16);
      node = level.get(codePoint) ?? { elements: undefined, next: new Map() };
      level.set(codePoint, node);
      level = node.next;
    }
    if (node !== undefined) node.elements = weights.split(",").map((w) => Number.parseInt(w, 16));
  }
  return roots;
}

function loadCombiningClasses(): ReadonlyMap<number, number> {
  const classes = new Map<number, number>();
  const reader = new VarintReader(COMBINING_CLASSES_BASE64);
  let codePoint = 0;
  while (!reader.done) {
    codePoint += reader.unsigned();
    classes.set(codePoint, reader.unsigned());
  }
  return classes;
}
