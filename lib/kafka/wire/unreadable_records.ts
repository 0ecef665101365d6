/**
 * The error for records that cannot be decoded: corrupt, compressed with an unknown codec, or too
 * large when unpacked. A second fetch would return the same bytes, so kafkajs must not retry.
 */
export class UnreadableRecords extends Error {
  /** The name of the class. */
  override readonly name = "UnreadableRecords";
  /** Stops kafkajs from retrying. */
  readonly retriable = false;
}
