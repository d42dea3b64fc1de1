/** Effects on the streams of a tablet. */
import { unreachable } from "../../../shared/error/unreachable.ts";
import type { TabletRecord } from "../../../shared/model/records.ts";
import type { Effect } from "../../workflow/effect.ts";
import { FROZEN } from "../../workflow/facts.ts";
import { stampStream } from "../../workflow/journal.ts";
import { type Hands, lockedCall, primaryOf } from "./perform.ts";

type StreamEffect = Extract<Effect, {
  readonly do:
    | "create_stream"
    | "wait_stream"
    | "stop_stream"
    | "start_stream"
    | "start_streams"
    | "freeze_stream"
    | "delete_streams"
    | "write_journal";
}>;

export async function onStream(hands: Hands, effect: StreamEffect): Promise<void> {
  const { tablets } = hands.context;
  const primary = primaryOf(hands, effect.at);
  const call = lockedCall(hands, effect.at);
  switch (effect.do) {
    case "create_stream": {
      const stamped = stampStream(effect.stream, crypto.randomUUID());
      await tablets.call(primary, "CreateStream", stamped, call);
      return;
    }
    case "wait_stream": {
      const { id, position, timeoutMs } = effect;
      await tablets.call(primary, "WaitForStream", { id, position, timeoutMs }, {
        signal: hands.signal(),
        timeoutMs: timeoutMs + 5000,
      });
      return;
    }
    case "stop_stream": {
      const { id, message } = effect;
      await tablets.call(primary, "UpdateStream", { id, state: "Stopped", message }, call);
      return;
    }
    case "start_stream": {
      const { id } = effect;
      const request = { id, state: "Running", message: "" } as const;
      await tablets.call(primary, "UpdateStream", request, call);
      return;
    }
    case "freeze_stream": {
      const request = { id: effect.id, state: "Stopped", message: FROZEN } as const;
      await tablets.call(primary, "UpdateStream", request, call);
      return;
    }
    case "start_streams":
      return await startStreams(hands, primary, effect);
    case "delete_streams":
      await tablets.call(primary, "DeleteStreams", { workflow: effect.workflow }, call);
      return;
    case "write_journal": {
      const { id, value, workflow } = effect;
      const streams = effect.streams.map((one) => stampStream(one, crypto.randomUUID()));
      await tablets.call(primary, "WriteJournal", { id, value, workflow, streams }, call);
      return;
    }
    default:
      return unreachable(effect);
  }
}

async function startStreams(
  hands: Hands,
  primary: TabletRecord,
  { at, workflow }: Extract<Effect, { readonly do: "start_streams" }>,
): Promise<void> {
  const { tablets } = hands.context;
  const call = lockedCall(hands, at);
  const { streams } = await tablets.call(primary, "ReadStreams", { workflow }, call);
  for (const { id, state, message } of streams) {
    if (message === FROZEN || state !== "Stopped") continue;
    const request = { id, state: "Running", message: "" } as const;
    await tablets.call(primary, "UpdateStream", request, call);
  }
}
