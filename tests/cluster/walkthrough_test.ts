/** The walk-throughs as a test: `deno task walkthrough` prints them. */
import { eachServer } from "./servers.ts";
import { walkThrough } from "./walkthrough.ts";
import { splitCustomers, splitMessages } from "./walkthrough_split.ts";

const STORIES = {
  "the operator's example": walkThrough,
  "the guestbook's split": splitMessages,
  "the local example's split": splitCustomers,
} as const;

for (const [name, tell] of Object.entries(STORIES)) {
  eachServer(`${name} comes out as it was printed, and loses nothing`, async (_, server) => {
    const said: string[] = [];
    try {
      await tell({
        say: (line) => said.push(line),
        ...(server.mysqld === undefined ? {} : { mysqld: server.mysqld }),
      });
    } catch (error) {
      throw new Error(`${name} failed behind:\n${said.slice(-30).join("\n")}`, { cause: error });
    }
  });
}
