import type { Event } from "../../upstream/parse/event.ts";
import { encodeEdit } from "./edit.ts";
import { encodeFields, type Field, type OnLacking } from "./fields.ts";

/** Encodes events in one form of the message. */
export interface Encoder {
  /** The media type of the values. */
  readonly contentType: string;
  /** Makes the value of an event's record. Throws `RejectedEvent`. */
  readonly encode: (event: Event) => string | Uint8Array;
}

/** The message: the nine fields, the upstream JSON byte for byte, or custom fields. */
export type Payload = "edit" | "event" | { readonly fields: readonly Field[] };

/**
 * Returns the JSON encoder of a payload.
 *
 * @param onLacking Called with paths of custom fields that no event had.
 */
export function jsonEncoder(payload: Payload, onLacking?: OnLacking): Encoder {
  const contentType = "application/json";
  if (payload === "edit") return { contentType, encode: encodeEdit };
  // A copy, since the next chunk of the stream comes in the same memory.
  if (payload === "event") return { contentType, encode: (event) => event.data.slice() };
  return { contentType, encode: encodeFields(payload.fields, onLacking) };
}
