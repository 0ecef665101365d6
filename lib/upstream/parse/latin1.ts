import { Buffer } from "node:buffer";

const { latin1Slice } = Buffer.prototype as unknown as {
  latin1Slice(this: Uint8Array, start: number, end: number): string;
};

/**
 * Converts bytes to a text with one character per byte. That takes a tenth of the time of decoding
 * UTF-8, and V8 searches texts several times as fast as bytes. ASCII stays readable in it.
 */
export function latin1(bytes: Uint8Array): string {
  return latin1Slice.call(bytes, 0, bytes.length);
}
