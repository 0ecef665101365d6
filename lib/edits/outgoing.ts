import type { Event } from "../upstream/event.ts";
import { encodeEdit } from "./edit.ts";
import { compileFilter, type Filter } from "./filter.ts";
import { type KeyKind, KEYS } from "./key.ts";
import { timestampOf } from "./timestamp.ts";

/** A record for Kafka, complete but for its partition. */
export interface Outgoing {
  readonly topic: string;
  /** Records with one key go to one partition, in order; null: any partition. */
  readonly key: string | null;
  readonly value: string | Uint8Array;
  /** ms since 1970: when the event happened (`meta.dt`). */
  readonly timestamp: number;
  readonly headers?: Readonly<Record<string, string | Uint8Array>>;
}

/** What becomes of events on their way to Kafka. */
export interface EditsOptions {
  /** Name of the topic. */
  readonly topic: string;
  readonly filter: Filter;
  readonly key: KeyKind;
}

/** Event → record, or `undefined` for one that the filter drops. Throws `RefusedEvent`. */
export type Transform = (event: Event) => Outgoing | undefined;

/**
 * Puts filter, encoder, key and topic together, once; the transform has no branch per option.
 * Canaries are not looked for: drop them before ({@linkcode isCanary}).
 */
export function compile(options: EditsOptions): Transform {
  const passes = compileFilter(options.filter);
  const keyOf = KEYS[options.key];
  const encode = encodeEdit;
  const topic = options.topic;
  return (event) => {
    if (!passes(event)) return undefined;
    return {
      topic,
      key: keyOf(event),
      value: encode(event),
      timestamp: timestampOf(event.meta.dt),
    };
  };
}

export { isCanary } from "./facets.ts";
