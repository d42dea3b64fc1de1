/** vtgate's flags. */
import { httpPort, PROGRAM_FLAGS, TOPO_FLAGS } from "../shared/flags/common.ts";
import { integer, list, port, text, toggle } from "../shared/flags/flag.ts";
import type { FlagValues } from "../shared/flags/parse.ts";

export const GATE_FLAGS = {
  "mysql-port": port({ help: "MySQL protocol for applications", fallback: 15306 }),
  "mysql-server-version": text({
    help: "what the greeting and SELECT VERSION() say",
    fallback: "8.0.40-Vitess",
    placeholder: "TEXT",
  }),
  "users-file": text({
    help: "users as JSON in Vitess's static-auth format",
    required: true,
    placeholder: "FILE",
  }),
  "mysql-server-ssl-cert": text({
    help: "PEM, with intermediates: clients may use TLS",
    fallback: "",
    placeholder: "FILE",
  }),
  "mysql-server-ssl-key": text({
    help: "PEM, of that certificate",
    fallback: "",
    placeholder: "FILE",
  }),
  "mysql-server-require-secure-transport": toggle({
    help: "refuse clients without TLS",
    fallback: false,
  }),
  "max-connections": integer({ help: "further clients are refused", fallback: 20_000 }),
  "cells-to-watch": list({
    help: "cells whose tablets are used (--cell alone)",
    fallback: [],
    placeholder: "CELLS",
  }),
  "drain-timeout-ms": integer({
    help: "on SIGTERM, how long open transactions may take",
    fallback: 10_000,
  }),
  ...httpPort(15001),
  ...PROGRAM_FLAGS,
  ...TOPO_FLAGS,
} as const;

export type GateFlags = FlagValues<typeof GATE_FLAGS>;
