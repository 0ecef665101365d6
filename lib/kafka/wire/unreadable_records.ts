import { NamedError } from "../../shared/error.ts";

/**
 * The error for records that cannot be decoded: corrupt, compressed with an unknown codec, or too
 * large when unpacked. A second fetch would return the same bytes, so kafkajs must not retry.
 */
export class UnreadableRecords extends NamedError {
  /** Stops kafkajs from retrying. */
  readonly retriable = false;
}
