import type { Buffer } from "node:buffer";

/** One record on its way to a broker, in the form that kafkajs's producer takes. */
export interface Message {
  readonly key?: Buffer | string | null;
  readonly value: Buffer | string | null;
  /** ms since 1970, in decimal digits. */
  readonly timestamp?: string;
  readonly partition?: number;
  headers?: Record<string, Buffer | string | (Buffer | string)[] | undefined>;
}
