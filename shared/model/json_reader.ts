import { vtErrorFrom } from "../error/errors.ts";
import type { Json, JsonObject } from "./records.ts";

/**
 * Reads a JSON value of a record: absent fields have proto3's defaults, unknown ones are passed
 * over, a wrong type throws SyntaxError that names the field.
 */
export class JsonReader {
  readonly #value: unknown;
  readonly #where: string;

  constructor(value: unknown, where = "") {
    this.#value = value;
    this.#where = where;
  }

  /** False for an absent field and for null. */
  get present(): boolean {
    return this.#value !== undefined && this.#value !== null;
  }

  get(name: string): JsonReader {
    const object = this.#record();
    const value = Object.hasOwn(object, name) ? object[name] : undefined;
    return new JsonReader(value, this.#where === "" ? name : `${this.#where}.${name}`);
  }

  text(): string {
    if (!this.present) return "";
    return typeof this.#value === "string" ? this.#value : this.#fail("a text");
  }

  /** A number, or a text of digits: proto3 JSON writes 64-bit integers so. */
  integer(): number {
    if (!this.present) return 0;
    const value = typeof this.#value === "string" && /^-?\d+$/.test(this.#value)
      ? Number(this.#value)
      : this.#value;
    if (typeof value === "number" && Number.isSafeInteger(value)) return value;
    return this.#fail("a whole number");
  }

  toggle(): boolean {
    if (!this.present) return false;
    return typeof this.#value === "boolean" ? this.#value : this.#fail("true or false");
  }

  list<T>(read: (item: JsonReader) => T): readonly T[] {
    if (!this.present) return [];
    if (!Array.isArray(this.#value)) return this.#fail("a list");
    return this.#value.map((item, i) => read(new JsonReader(item, `${this.#where}[${i}]`)));
  }

  texts(): readonly string[] {
    return this.list((item) => item.text());
  }

  map<T>(read: (item: JsonReader) => T): Readonly<Record<string, T>> {
    return Object.fromEntries(
      Object.keys(this.#record()).map((name) => [name, read(this.get(name))]),
    );
  }

  optional<T>(read: (value: JsonReader) => T): T | undefined {
    return this.present ? read(this) : undefined;
  }

  /** The object as it is. */
  object(): JsonObject {
    // JSON.parse made the value, so everything in it is JSON.
    return this.#record() as Readonly<Record<string, Json>>;
  }

  /** One of a protobuf enum's names, or its number. `names` are in the enum's order. */
  enumeration<Name extends string>(
    names: readonly [Name, ...Name[]],
    read: (text: string) => Name | undefined = (text) => names.find((name) => name === text),
  ): Name {
    if (!this.present) return names[0];
    const name = typeof this.#value === "number"
      ? names[this.#value]
      : read(this.text().toLowerCase());
    return name ?? this.#fail(`one of ${names.join(", ").toUpperCase()}`);
  }

  /** Runs a parser of text; its error gets the field's name. */
  parsed<T>(parse: (text: string) => T): T {
    try {
      return parse(this.text());
    } catch (error) {
      throw new SyntaxError(`${this.#name()}: ${error instanceof Error ? error.message : ""}`);
    }
  }

  #record(): Readonly<Record<string, unknown>> {
    if (!this.present) return {};
    if (typeof this.#value !== "object" || Array.isArray(this.#value)) this.#fail("an object");
    return this.#value as Readonly<Record<string, unknown>>;
  }

  #fail(want: string): never {
    throw new SyntaxError(`${this.#name()} must be ${want}: got ${JSON.stringify(this.#value)}`);
  }

  #name(): string {
    return this.#where === "" ? "the record" : this.#where;
  }
}

/** How a record is written and read. */
export interface Codec<T> {
  readonly encode: (record: T) => Uint8Array;
  /** VT21008 naming `path`. */
  readonly decode: (path: string, bytes: Uint8Array) => T;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** A codec over the JSON form of a record. */
export function jsonCodec<T>(
  toJson: (record: T) => JsonObject,
  fromJson: (reader: JsonReader) => T,
): Codec<T> {
  return {
    encode: (record) => encoder.encode(JSON.stringify(toJson(record))),
    decode: (path, bytes) => {
      try {
        const reader = new JsonReader(JSON.parse(decoder.decode(bytes)));
        // Throws when the record is no object.
        reader.object();
        return fromJson(reader);
      } catch (error) {
        const cause = error instanceof Error ? error.message : String(error);
        throw vtErrorFrom(error, "VT21008", path, cause);
      }
    },
  };
}
