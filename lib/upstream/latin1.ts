import { Buffer } from "node:buffer";

const { latin1Slice } = Buffer.prototype as unknown as {
  latin1Slice(this: Uint8Array, start: number, end: number): string;
};

/**
 * Bytes as a text with one character for each, its code the byte. That costs a tenth of decoding
 * them, and V8 searches texts several times as fast as it searches bytes; all that is ASCII is
 * found as it stands.
 */
export function latin1(bytes: Uint8Array): string {
  return latin1Slice.call(bytes, 0, bytes.length);
}
