/**
 * The wire format of Confluent's serializers: a zero byte, the schema's id in the registry as four
 * bytes, then the value in Avro's binary encoding (docs.confluent.io, "Wire format"). JSON never
 * begins with a zero byte, so that the two can share a topic.
 */

/** Bytes before the value itself. */
export const HEADER_BYTES = 5;

const MAGIC = 0;

/** The id of the schema that a value was written with, or `undefined` for one in another format. */
export function schemaIdOf(value: Uint8Array): number | undefined {
  if (value.length < HEADER_BYTES || value[0] !== MAGIC) return undefined;
  return new DataView(value.buffer, value.byteOffset).getUint32(1);
}

/** Writes the header to the front of `bytes`. */
export function writeHeader(bytes: Uint8Array, schemaId: number): void {
  bytes[0] = MAGIC;
  new DataView(bytes.buffer, bytes.byteOffset).setUint32(1, schemaId);
}
