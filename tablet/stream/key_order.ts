/** Asks a mysqld how keys lie to each other: collations order as they do there, and nowhere else. */
import type { Field, Row } from "../../shared/binlog/change.ts";
import { vtError } from "../../shared/error/errors.ts";
import type { MysqldConnection } from "../mysqld/connection.ts";
import { printMysqldAddress } from "../mysqld/login.ts";
import { connectForStream, type StreamLogin } from "./dump.ts";
import { printOrdered } from "./literal.ts";
import { runWatched } from "./stall_watch.ts";

interface Options {
  readonly signal: AbortSignal;
}

/** Keys in one statement: far below max_allowed_packet, whatever they are. */
const KEYS_MAX = 200;

/** A connection that is made when the first key is asked for. */
export class KeyOrder implements Disposable {
  readonly #login: StreamLogin;
  readonly #stallMs: number;
  #connection: MysqldConnection | undefined;

  constructor(login: StreamLogin, stallMs: number) {
    this.#login = login;
    this.#stallMs = stallMs;
  }

  /**
   * For each key whether it is `border` or before it, in the order of an index on `fields`.
   * VT26006 when mysqld doesn't say it in time.
   */
  async areUpTo(
    keys: readonly Row[],
    border: Row,
    fields: readonly Field[],
    options: Options,
  ): Promise<readonly boolean[]> {
    if (keys.length === 0) return [];
    const source = printMysqldAddress(this.#login.address);
    return await runWatched(
      source,
      this.#stallMs,
      options,
      (watched) => this.#ask(keys, border, fields, watched),
    );
  }

  async #ask(
    keys: readonly Row[],
    border: Row,
    fields: readonly Field[],
    options: Options,
  ): Promise<readonly boolean[]> {
    const answers: boolean[] = [];
    for (let at = 0; at < keys.length; at += KEYS_MAX) {
      const some = keys.slice(at, at + KEYS_MAX);
      const select = some.map((key) => upTo(key, border, fields)).join(", ");
      this.#connection ??= await connectForStream(this.#login, options);
      const { rows: [row] } = await this.#connection.fetchRows(`SELECT ${select}`, options);
      for (const i of some.keys()) answers.push(row?.[i] === "1");
    }
    return answers;
  }

  [Symbol.dispose](): void {
    this.#connection?.[Symbol.dispose]();
    this.#connection = undefined;
  }
}

/** `a < 1 OR (a = 1 AND (b <= 2))` */
function upTo(key: Row, border: Row, fields: readonly Field[]): string {
  const [field, ...others] = fields;
  const [value = null, ...rest] = key;
  const [last = null, ...behind] = border;
  if (field === undefined || value === null || last === null) {
    throw vtError("VT26004", "a key with NULL, or of other columns, has no place in its order");
  }
  const [left, right] = [printOrdered(value, field), printOrdered(last, field)];
  if (others.length === 0) return `${left} <= ${right}`;
  return `(${left} < ${right} OR (${left} = ${right} AND (${upTo(rest, behind, others)})))`;
}
