/** A record to be sent, in the form of kafkajs's producer. */
export interface Message {
  /** Decides the partition of most producers; null for none. */
  readonly key?: Uint8Array | string | null;
  /** The record's value; null for a tombstone. */
  readonly value: Uint8Array | string | null;
  /** ms since 1970, as a number or in decimal digits. */
  readonly timestamp?: number | string;
  /** The partition of the topic. */
  readonly partition?: number;
  /** Values by name; a list repeats the name. */
  headers?: Readonly<Record<string, Uint8Array | string | (Uint8Array | string)[] | undefined>>;
}
