/** A client's byte stream: plain TCP, or TLS over it. */
export interface Channel {
  /** Bytes read, or null at the end. */
  read(into: Uint8Array<ArrayBuffer>): Promise<number | null>;
  /** Bytes written, at least one. */
  write(bytes: Uint8Array<ArrayBuffer>): Promise<number>;
  /** No more bytes come from us; what the peer still sends can be read. */
  closeWrite(): Promise<void>;
  /** Also ends reads and writes that are under way. */
  close(): void;
}
