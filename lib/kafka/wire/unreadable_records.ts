/**
 * Records that cannot be decoded: corrupt, compressed by an unknown codec, or too large unpacked. A
 * second fetch would bring the same bytes, so kafkajs must not retry.
 */
export class UnreadableRecords extends Error {
  override readonly name = "UnreadableRecords";
  readonly retriable = false;
}
