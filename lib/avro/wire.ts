/**
 * Reads and writes the header of Confluent's serializers: a zero byte, then the schema's id in the
 * registry as four bytes. The value in Avro's binary encoding follows (docs.confluent.io, "Wire
 * format"). JSON never begins with a zero byte, so both formats can share a topic.
 */

/** The length of the header, in bytes. */
export const HEADER_BYTES = 5;

const MAGIC = 0;

/** Returns the id of the schema of a value; `undefined` for a value in another format. */
export function schemaIdOf(value: Uint8Array): number | undefined {
  if (value.length < HEADER_BYTES || value[0] !== MAGIC) return undefined;
  return new DataView(value.buffer, value.byteOffset).getUint32(1);
}

/** Writes the header to the first 5 bytes. */
export function writeHeader(bytes: Uint8Array, schemaId: number): void {
  bytes[0] = MAGIC;
  new DataView(bytes.buffer, bytes.byteOffset).setUint32(1, schemaId);
}
