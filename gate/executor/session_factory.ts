/** Opens sessions for the MySQL server. */
import type { ClientInfo, ClientSession, Kill, SessionFactory } from "../session/client.ts";
import type { GateServices } from "./gate_services.ts";
import { GateSession } from "./gate_session.ts";

export class GateSessionFactory implements SessionFactory {
  readonly #gate: GateServices;

  constructor(gate: GateServices) {
    this.#gate = gate;
  }

  open(
    client: ClientInfo,
    { kill }: { readonly signal: AbortSignal; readonly kill: Kill },
  ): Promise<ClientSession> {
    return Promise.resolve().then(() => new GateSession(client, this.#gate, kill));
  }
}
