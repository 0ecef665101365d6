import { NamedError } from "../../shared/error.ts";

/**
 * The error for records that cannot be decoded: corrupt, compressed with an unknown codec, or too
 * large when unpacked. A second fetch would return the same bytes, so kafkajs must not retry.
 */
export class UnreadableRecords extends NamedError {
  /** Stops kafkajs from retrying. */
  readonly retriable = false;
}

/**
 * Returns what `read` returns.
 *
 * @throws {UnreadableRecords} what `read` throws, with the offset of its batch.
 */
export function readBatch<T>(baseOffset: number, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof UnreadableRecords)) throw error;
    throw new UnreadableRecords(`${error.message} (in the batch at offset ${baseOffset})`);
  }
}
