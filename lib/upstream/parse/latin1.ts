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

/**
 * Returns a copy of a text in memory of its own. V8 represents a slice of a text as a pointer into
 * it, so a slice that is kept would keep the whole chunk.
 */
export function detached(text: string): string {
  return ` ${text}`.slice(1);
}
