/**
 * What the guestbook's clients write. Rows are known by their texts: "g3-17" is the 17th of client
 * 3. Tables are named without a keyspace, as an application does that isn't told where they are.
 */
import type { Visitor, Write } from "./guestbook.ts";
import { Ledger } from "./ledger.ts";

/** A customer, who changes the address, orders and changes the order. Ids are the database's. */
export class CustomerVisitor implements Visitor {
  readonly customers = new Ledger();
  readonly orders = new Ledger();
  readonly ledgers = [this.customers, this.orders];
  readonly readSql = "select count(*) from customer where customer_id = 4";

  async visit(write: Write, text: string): Promise<(() => Promise<void>) | undefined> {
    const { customers, orders } = this;
    const made = await write({
      sql: `insert into customer(email) values('${text}')`,
      ledger: customers,
      row: text,
      state: "new",
    });
    // Whoever does not know the id can't go on with the row.
    if (made.is !== "done") return undefined;
    const id = made.insertId;
    await write({
      sql: `update customer set email = '${text}u' where customer_id = ${id}`,
      ledger: customers,
      row: text,
      state: "u",
      affects: 1,
    });
    const ordered = await write({
      sql: `insert into corder(customer_id, sku, price) values(${id}, '${text}', 7)`,
      ledger: orders,
      row: text,
      state: "7",
    });
    const orderId = ordered.is === "done" ? ordered.insertId : undefined;
    if (orderId !== undefined) {
      await write({
        sql: `update corder set price = 8 where customer_id = ${id} and order_id = ${orderId}`,
        ledger: orders,
        row: text,
        state: "8",
        affects: 1,
      });
    }
    return () => this.#forget(write, text, id, orderId);
  }

  async #forget(
    write: Write,
    text: string,
    id: number,
    orderId: number | undefined,
  ): Promise<void> {
    if (orderId !== undefined) {
      await write({
        sql: `delete from corder where customer_id = ${id} and order_id = ${orderId}`,
        ledger: this.orders,
        row: text,
        state: undefined,
        affects: 1,
      });
    }
    await write({
      sql: `delete from customer where customer_id = ${id}`,
      ledger: this.customers,
      row: text,
      state: undefined,
      affects: 1,
    });
  }
}

/** A message on a page of the guestbook, which is mended once. */
export class MessageVisitor implements Visitor {
  readonly messages = new Ledger();
  readonly ledgers = [this.messages];
  readonly readSql = "select count(*) from messages where page = 12";
  // Below are those that were there before.
  #n = 1000;

  async visit(write: Write, text: string): Promise<() => Promise<void>> {
    const n = ++this.#n;
    const where = `page = ${n % 100} and time_created_ns = ${n}`;
    const about = { ledger: this.messages, row: text } as const;
    await write({
      ...about,
      sql: `insert into messages(page, time_created_ns, message) values(${
        n % 100
      }, ${n}, '${text}')`,
      state: "new",
    });
    await write({
      ...about,
      sql: `update messages set message = '${text}u' where ${where}`,
      state: "u",
    });
    return async () => {
      await write({ ...about, sql: `delete from messages where ${where}`, state: undefined });
    };
  }
}
