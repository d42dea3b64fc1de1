/**
 * The seam between the MySQL server (gate/server), which knows packets, and the executor
 * (gate/executor), which knows statements.
 */
import type { CommandPacket } from "../../shared/mysql/command_packet.ts";

/** What the handshake settled about a client. */
export interface ClientInfo {
  /** As sent in the greeting; what KILL and CONNECTION_ID() mean. */
  readonly connectionId: number;
  readonly user: string;
  readonly remoteAddress: string;
  /** Capabilities that both sides set. */
  readonly capabilities: number;
  /** Collation id of the handshake (255 and unknown ids are already mapped to 45). */
  readonly collation: number;
  /** The database of the handshake: "" or a target such as "customer:-80@replica". */
  readonly database: string;
  readonly attributes: ReadonlyMap<string, string>;
}

/**
 * Packets to the client. Sequence ids are the writer's to set: they run through all packets of the
 * answer to one command. Bytes are sent when the command ends, at `flush`, or when many wait.
 */
export interface ClientWriter {
  /** One packet: its payload; split over frames when it is 16 MB or more. */
  packet(payload: Uint8Array): void;
  /** Whole packets with headers. Copies the bytes, and numbers its copy. */
  raw(packets: Uint8Array): void;
  /** Bytes waiting; above the high-water mark a producer awaits `drained()`. */
  readonly buffered: number;
  drained(): Promise<void>;
  flush(): void;
}

/**
 * One command of the client (manual, "Command Phase"). Its bytes are the receiver's to keep.
 * `payload` of stmt_execute starts after the statement id (shared/mysql/stmt_execute.ts).
 */
export type Command = Exclude<
  CommandPacket,
  { readonly com: "ping" | "quit" | "statistics" | "debug" | "change_user" }
>;

/** What the executor is to the server: one per client. COM_PING, COM_QUIT, COM_STATISTICS and COM_CHANGE_USER stay in the server. */
export interface ClientSession extends AsyncDisposable {
  /**
   * Answers one command, whole. Errors of statements are answers (ERR packets), not exceptions;
   * an exception closes the connection. `signal` aborts when the client is gone or a KILL came,
   * with what to answer as its reason; commands share it until then, so listeners are removed.
   */
  run(
    command: Command,
    writer: ClientWriter,
    options: { readonly signal: AbortSignal },
  ): Promise<void>;
  /** True while a transaction is open: a graceful drain waits for its end. */
  readonly inTransaction: boolean;
  /** Status flags for packets that the server itself sends (COM_PING). */
  readonly serverStatus: number;
}

/** KILL QUERY ends what runs now; KILL CONNECTION the connection too. */
export type Kill = (what: "query" | "connection") => void;

export interface SessionFactory {
  /**
   * Throws when the client's database can't be selected; the server answers with that error.
   * `kill` is for whoever keeps the list of sessions.
   */
  open(
    client: ClientInfo,
    options: { readonly signal: AbortSignal; readonly kill: Kill },
  ): Promise<ClientSession>;
}
