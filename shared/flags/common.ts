/** The flags that every program has, so that they are spelt alike. */
import { choice, type Flag, list, port, text } from "./flag.ts";

/** How to reach the topology. */
export const TOPO_FLAGS = {
  "topo-address": list({
    help: "etcd, comma separated",
    fallback: ["http://127.0.0.1:2379"],
    placeholder: "URL",
  }),
  "topo-global-root": text({
    help: "folder of the global topology",
    fallback: "/vitess/example/global",
    placeholder: "PATH",
  }),
  "topo-user": text({ help: "etcd user", fallback: "", placeholder: "NAME" }),
  "topo-password-file": text({
    help: "file with that user's password",
    fallback: "",
    placeholder: "FILE",
  }),
  "topo-ca": text({ help: "PEM of etcd's authority", fallback: "", placeholder: "FILE" }),
  "topo-cert": text({ help: "PEM of our certificate", fallback: "", placeholder: "FILE" }),
  "topo-key": text({ help: "PEM of its key", fallback: "", placeholder: "FILE" }),
} as const;

/** Where the program runs and how it talks to its operator. */
export const PROGRAM_FLAGS = {
  "cell": text({ help: "failure domain it runs in", fallback: "zone1", placeholder: "NAME" }),
  "hostname": text({
    help: "address to bind and to register",
    fallback: "127.0.0.1",
    placeholder: "HOST",
  }),
  "log-level": choice(["debug", "info", "warn", "error"], {
    help: "least level that is logged",
    fallback: "info",
    placeholder: "LEVEL",
  }),
  "log-format": choice(["logfmt", "json"], { help: "form of log lines", fallback: "logfmt" }),
} as const;

/** The HTTP port, whose default differs by program. */
export function httpPort(fallback: number): { readonly "http-port": Flag<number> } {
  return { "http-port": port({ help: "status, metrics and API over HTTP", fallback }) };
}
