/**
 * Effects are tried again where failing would leave clients waiting: writes are stopped, and what is
 * away (etcd, a tablet, its mysqld) starts again sooner than a person runs the command again.
 */
import { VtError } from "../../../shared/error/errors.ts";
import { nameEffect } from "../../workflow/effect.ts";
import { type Act, type Hands, perform } from "./perform.ts";

const PERSIST_MS = 20_000;
const PAUSE_MS = 200;

/** Does an effect; again while what it needs is away, if `worth` says so of the error. */
export async function persist(
  hands: Hands,
  effect: Act,
  worth: (error: VtError) => boolean,
): Promise<string | undefined> {
  const { clock, log } = hands.context;
  const deadlineMs = clock.monotonicMs() + PERSIST_MS;
  for (;;) {
    try {
      return await perform(hands, effect);
    } catch (error) {
      const passes = error instanceof VtError && isAway(error) && worth(error);
      if (!passes || clock.monotonicMs() > deadlineMs) throw error;
      log.warn("workflow effect is tried again", {
        effect: nameEffect(effect),
        error: error.message,
      });
    }
    await clock.sleep(PAUSE_MS, { signal: hands.signal() });
  }
}

function isAway({ status }: VtError): boolean {
  return status === "unavailable" || status === "deadline_exceeded";
}

/** etcd is: nothing can be done or undone without it. */
export function isTopologyAway({ id }: VtError): boolean {
  return id === "VT21004" || id === "VT21005";
}
