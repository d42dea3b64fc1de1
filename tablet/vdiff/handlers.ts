/** The admin RPC's calls about VDiff. */
import type { VDiffAdmin } from "../../shared/rpc/vdiff.ts";
import type { Handlers } from "../admin/admin_rpc.ts";
import type { VDiff } from "./build.ts";

export function vdiffHandlers({ engine, sources }: VDiff): Pick<Handlers, keyof VDiffAdmin> {
  return {
    VDiffCreate: (request, options) => done(engine.create(request, options)),
    VDiffShow: async ({ workflow, uuid }, options) => ({
      vdiffs: await engine.show(workflow, uuid, options),
    }),
    VDiffStop: ({ workflow, uuid }, options) => done(engine.stop(workflow, uuid, options)),
    VDiffResume: ({ workflow, uuid }, options) => done(engine.resume(workflow, uuid, options)),
    VDiffDelete: async ({ workflow, uuid }, options) => ({
      deleted: await engine.delete(workflow, uuid, options),
    }),
    VDiffOpen: (request, options) => sources.open(request, options),
    VDiffDigest: (read, options) => sources.digest(read, options),
    VDiffRows: (read, options) => sources.rows(read, options),
    VDiffClose: ({ session }) => {
      sources.close(session);
      return Promise.resolve({});
    },
  };
}

async function done(work: Promise<void>): Promise<Record<never, never>> {
  await work;
  return {};
}
