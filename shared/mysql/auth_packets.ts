/** The small packets between greeting and verdict: AuthSwitchRequest and AuthMoreData. */
import { vtError } from "../error/errors.ts";
import { ByteReader } from "./byte_reader.ts";
import { ByteWriter } from "./byte_writer.ts";

export const AUTH_MORE_DATA_HEADER = 0x01;
export const AUTH_SWITCH_HEADER = 0xfe;

export interface AuthSwitchRequest {
  readonly authPlugin: string;
  /** Without the NUL that ends it on the wire. */
  readonly data: Uint8Array;
}

/** Protocol::AuthSwitchRequest. */
export function encodeAuthSwitchRequest(request: AuthSwitchRequest): Uint8Array<ArrayBuffer> {
  return new ByteWriter()
    .u8(AUTH_SWITCH_HEADER)
    .nulText(request.authPlugin)
    .nulBytes(request.data)
    .finish();
}

/** Throws ER_NOT_SUPPORTED_AUTH_MODE for the switch to the passwords of MySQL 4.0 (one byte). */
export function decodeAuthSwitchRequest(payload: Uint8Array): AuthSwitchRequest {
  const reader = new ByteReader(payload);
  if (reader.u8() !== AUTH_SWITCH_HEADER) throw vtError("ER_MALFORMED_PACKET");
  if (reader.remaining === 0) throw vtError("ER_NOT_SUPPORTED_AUTH_MODE");
  const authPlugin = reader.nulText();
  const data = reader.rest();
  return { authPlugin, data: data.at(-1) === 0 ? data.subarray(0, -1) : data };
}

/** Protocol::AuthMoreData. */
export function encodeAuthMoreData(data: Uint8Array): Uint8Array<ArrayBuffer> {
  return new ByteWriter(data.length + 1).u8(AUTH_MORE_DATA_HEADER).bytes(data).finish();
}

export function decodeAuthMoreData(payload: Uint8Array): Uint8Array {
  const reader = new ByteReader(payload);
  if (reader.u8() !== AUTH_MORE_DATA_HEADER) throw vtError("ER_MALFORMED_PACKET");
  return reader.rest();
}
