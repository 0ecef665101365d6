import type { Event } from "../../upstream/parse/event.ts";
import { encodeEdit } from "./edit.ts";
import { encodeFields, type Field, type OnLacking } from "./fields.ts";

/** A form of the message. */
export interface Encoder {
  /** Media type of what it makes. */
  readonly contentType: string;
  /** Event → value of the record; throws `RejectedEvent`. */
  readonly encode: (event: Event) => string | Uint8Array;
}

/** The nine fields, the upstream JSON byte for byte, or fields of one's own. */
export type Payload = "edit" | "event" | { readonly fields: readonly Field[] };

/**
 * The encoder of a payload, in JSON.
 *
 * @param onLacking Told of fields of one's own that never come.
 */
export function jsonEncoder(payload: Payload, onLacking?: OnLacking): Encoder {
  const contentType = "application/json";
  if (payload === "edit") return { contentType, encode: encodeEdit };
  // A copy: a view would keep the whole chunk of the stream that it came in.
  if (payload === "event") return { contentType, encode: (event) => event.data.slice() };
  return { contentType, encode: encodeFields(payload.fields, onLacking) };
}
