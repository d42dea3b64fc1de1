import { SILENT_LOG } from "../../shared/host/log.ts";
import { startEtcd } from "../../tests/harness/etcd.ts";
import { registerConformance } from "../conformance.ts";
import { Gateway } from "./gateway.ts";
import { EtcdStore } from "./store.ts";

registerConformance("etcd", async () => {
  await using started = new AsyncDisposableStack();
  const etcd = started.use(await startEtcd());
  const gateway = started.use(new Gateway({ addresses: [etcd.url], log: SILENT_LOG }));
  const scope = started.move();
  return {
    open: () => new EtcdStore(gateway, { root: "/vitess/test" }),
    [Symbol.asyncDispose]: () => scope.disposeAsync(),
  };
});
