/** The walk-through as a test: `deno task walkthrough` prints it. */
import { eachServer } from "./servers.ts";
import { walkThrough } from "./walkthrough.ts";

eachServer("the walk-through comes out as it was printed, and loses nothing", async (_, server) => {
  const said: string[] = [];
  try {
    await walkThrough({
      say: (line) => said.push(line),
      ...(server.mysqld === undefined ? {} : { mysqld: server.mysqld }),
    });
  } catch (error) {
    throw new Error(`the walk-through failed behind:\n${said.slice(-30).join("\n")}`, {
      cause: error,
    });
  }
});
