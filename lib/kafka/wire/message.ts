/** One record on its way to a broker, in the form that kafkajs's producer takes. */
export interface Message {
  readonly key?: Uint8Array | string | null;
  readonly value: Uint8Array | string | null;
  /** ms since 1970, as a number or in decimal digits. */
  readonly timestamp?: number | string;
  readonly partition?: number;
  headers?: Readonly<Record<string, Uint8Array | string | (Uint8Array | string)[] | undefined>>;
}
